/** What the panes show while nothing is open: what can be done here, and with which keys. */
import { Kbd, UnstyledButton } from "@mantine/core";
import { useWorkspace } from "../api/workspaces";
import { useIde } from "./context";
import { keyInWords, useCommands } from "./commands";
import { useChannel } from "./useStore";
import classes from "./Welcome.module.css";

const OFFERED = ["open-file", "new-file", "new-terminal", "upload-files", "commands"];

export function Welcome() {
  const ide = useIde();
  useChannel(ide.channel);
  const name = useWorkspace(ide.workspace)?.name ?? ide.channel.welcome?.name ?? "Your workspace";
  const commands = useCommands();
  const offered = OFFERED.map((id) => commands.find((command) => command.id === id)).filter((command) => command !== undefined);
  return (
    <div className={classes.page}>
      <div className={classes.column}>
        <h2 className={classes.title}>{name}</h2>
        <p className={classes.text}>Open a file from the files, or begin here. Everything you type is saved by itself.</p>
        <ul className={classes.list}>
          {offered.map((command) => (
            <li key={command.id}>
              <UnstyledButton
                className={classes.item}
                aria-disabled={command.reason !== "" || undefined}
                title={command.reason || undefined}
                onClick={() => !command.reason && command.run()}
              >
                <span>{command.title}</span>
                {command.keys && <Kbd size="xs" className={classes.keys ?? ""}>{keyInWords(command.keys)}</Kbd>}
              </UnstyledButton>
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}
