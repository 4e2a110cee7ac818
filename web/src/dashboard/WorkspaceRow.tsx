/** One workspace in the list: what it is, what it does right now, and what one can do with it. */
import { ActionIcon, Anchor, Button, Menu, Text } from "@mantine/core";
import IconDots from "@tabler/icons-react/dist/esm/icons/IconDots.mjs";
import IconDoorExit from "@tabler/icons-react/dist/esm/icons/IconDoorExit.mjs";
import IconFileText from "@tabler/icons-react/dist/esm/icons/IconFileText.mjs";
import IconPlayerStop from "@tabler/icons-react/dist/esm/icons/IconPlayerStop.mjs";
import IconTrash from "@tabler/icons-react/dist/esm/icons/IconTrash.mjs";
import IconUsers from "@tabler/icons-react/dist/esm/icons/IconUsers.mjs";
import { Link } from "wouter";
import type { Workspace } from "../api/types";
import { useStart, useStop } from "../api/workspaces";
import { Failure } from "../components/Failure";
import { When } from "../components/When";
import { StateMark } from "./StateMark";
import { may, sourceInWords } from "./states";
import classes from "./WorkspaceRow.module.css";

/** What a row asks its list to open. */
export type Asked = "log" | "members" | "leave" | "delete";

interface Props {
  workspace: Workspace;
  /** Whether to say who owns it. */
  shared: boolean;
  onAsk: (what: Asked) => void;
}

export function WorkspaceRow({ workspace, shared, onAsk }: Props) {
  const { id, name, state } = workspace;
  const start = useStart(id);
  const stop = useStop(id);
  const source = sourceInWords(workspace);
  const doing = workspace.progress || workspace.reason;
  return (
    <li className={classes.row} aria-label={name}>
      <div className={classes.what}>
        {state === "running" ? (
          <Anchor component={Link} href={`/w/${id}`} className={classes.name} underline="hover">
            {name}
          </Anchor>
        ) : (
          <span className={classes.name}>{name}</span>
        )}
        <Text size="sm" c="dimmed" className={classes.about}>
          {shared ? <span>{workspace.owner.display_name}</span> : null}
          {source ? <span>{source}</span> : null}
          <span>
            created <When at={workspace.created} />
          </span>
        </Text>
      </div>
      <div className={classes.state}>
        <StateMark state={state} />
        {doing ? (
          <Text size="sm" c={state === "failed" ? undefined : "dimmed"} className={classes.doing}>
            {doing}{" "}
            {state === "failed" ? (
              <Anchor component="button" type="button" size="sm" onClick={() => onAsk("log")}>
                Show the log
              </Anchor>
            ) : null}
          </Text>
        ) : null}
      </div>
      <div className={classes.actions}>
        <MainAction workspace={workspace} starting={start.isPending} onStart={() => start.mutate()} />
        <Menu width={190}>
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`More for ${name}`} loading={stop.isPending}>
              <IconDots size={18} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {may(workspace, "workspace.stop") ? (
              <Menu.Item
                leftSection={<IconPlayerStop size={16} />}
                disabled={state !== "running" && state !== "starting"}
                onClick={() => stop.mutate()}
              >
                Stop
              </Menu.Item>
            ) : null}
            <Menu.Item leftSection={<IconFileText size={16} />} onClick={() => onAsk("log")}>
              Log
            </Menu.Item>
            {may(workspace, "workspace.share") ? (
              <Menu.Item leftSection={<IconUsers size={16} />} onClick={() => onAsk("members")}>
                Members
              </Menu.Item>
            ) : null}
            {may(workspace, "share.leave") ? (
              <Menu.Item leftSection={<IconDoorExit size={16} />} onClick={() => onAsk("leave")}>
                Leave…
              </Menu.Item>
            ) : null}
            {may(workspace, "workspace.delete") ? (
              <>
                <Menu.Divider />
                <Menu.Item c="var(--mantine-color-error)" leftSection={<IconTrash size={16} />} onClick={() => onAsk("delete")}>
                  Delete…
                </Menu.Item>
              </>
            ) : null}
          </Menu.Dropdown>
        </Menu>
      </div>
      {start.error || stop.error ? (
        <div className={classes.failure}>
          <Failure error={start.error ?? stop.error} />
        </div>
      ) : null}
    </li>
  );
}

interface MainActionProps {
  workspace: Workspace;
  starting: boolean;
  onStart: () => void;
}

/** The one thing most wanted in this state. */
function MainAction({ workspace, starting, onStart }: MainActionProps) {
  const { id, name, state } = workspace;
  if (state === "running") {
    return (
      <Button component={Link} href={`/w/${id}`} size="xs" aria-label={`Open ${name}`}>
        Open
      </Button>
    );
  }
  if (!may(workspace, "workspace.start")) return null;
  const moving = state === "starting" || state === "stopping";
  return (
    <Button
      size="xs"
      variant="default"
      loading={starting || state === "starting"}
      disabled={moving}
      onClick={onStart}
      aria-label={`Start ${name}`}
    >
      Start
    </Button>
  );
}
