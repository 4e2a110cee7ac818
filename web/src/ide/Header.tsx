/** The top of an open workspace: the way back, its name, who is here, and its menu. */
import { ActionIcon, Menu, Tooltip } from "@mantine/core";
import IconChevronDown from "@tabler/icons-react/dist/esm/icons/IconChevronDown.mjs";
import IconLayoutSidebar from "@tabler/icons-react/dist/esm/icons/IconLayoutSidebar.mjs";
import { Link } from "wouter";
import type { Workspace } from "../api/types";
import { Logo } from "../components/Logo";
import { download } from "../files/addresses";
import { Avatars } from "../presence/Avatars";
import { useCommands, keyInWords } from "./commands";
import { useIde } from "./context";
import { useFrame } from "./frameContext";
import classes from "./Header.module.css";

interface Props {
  workspace: Workspace | null;
  narrow: boolean;
  sideOpen: boolean;
}

export function Header({ workspace, narrow, sideOpen }: Props) {
  const ide = useIde();
  const frame = useFrame();
  const name = workspace?.name ?? ide.channel.welcome?.name ?? "Workspace";
  return (
    <header className={classes.header}>
      <Tooltip label="Your workspaces">
        <Link href="/" className={classes.home} aria-label="Coterie, your workspaces">
          <Logo size={20} />
        </Link>
      </Tooltip>
      <Tooltip label={`${sideOpen ? "Hide" : "Show"} the files (${keyInWords("Mod+B")})`}>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={sideOpen ? "Hide the files" : "Show the files"}
          aria-expanded={sideOpen}
          onClick={frame.toggleSide}
        >
          <IconLayoutSidebar size={18} stroke={1.6} aria-hidden />
        </ActionIcon>
      </Tooltip>
      <WorkspaceMenu workspace={workspace} name={name} />
      <div className={classes.end}>
        <Avatars most={narrow ? 3 : 6} />
      </div>
    </header>
  );
}

function WorkspaceMenu({ workspace, name }: { workspace: Workspace | null; name: string }) {
  const ide = useIde();
  const frame = useFrame();
  const commands = useCommands();
  const terminal = commands.find((command) => command.id === "new-terminal");
  const shared = workspace && workspace.owner.id !== ide.me.id ? workspace.owner.display_name : "";
  return (
    <Menu position="bottom-start" width={250}>
      <Menu.Target>
        <button type="button" className={classes.name}>
          <h1 className={classes.text}>{name}</h1>
          {shared && <span className={classes.owner}>{shared}</span>}
          <IconChevronDown size={14} stroke={1.8} aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item rightSection={keyInWords("Mod+P")} onClick={() => frame.palette("files")}>
          Go to file…
        </Menu.Item>
        <Menu.Item rightSection="F1" onClick={() => frame.palette("commands")}>
          All commands…
        </Menu.Item>
        <Menu.Item rightSection="Ctrl+`" disabled={Boolean(terminal?.reason)} onClick={() => terminal?.run()}>
          New terminal
        </Menu.Item>
        <Menu.Divider />
        {!frame.whyNotMembers && <Menu.Item onClick={frame.members}>Members…</Menu.Item>}
        <Menu.Item onClick={frame.log}>Log of the workspace…</Menu.Item>
        <Menu.Item onClick={() => download(ide.workspace, "", true)}>Download everything as zip</Menu.Item>
        <Menu.Divider />
        {workspace?.capabilities.includes("workspace.stop") && (
          <Menu.Item disabled={frame.whyNotStop !== ""} onClick={frame.stop}>
            Stop the workspace…
          </Menu.Item>
        )}
        <Menu.Item component={Link} href="/">
          Back to your workspaces
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
