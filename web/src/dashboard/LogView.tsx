/** What a workspace's start said, and goes on to say. */
import { Group, Text } from "@mantine/core";
import { useEffect, useRef } from "react";
import { useLog } from "../api/log";
import type { Workspace } from "../api/types";
import { Busy } from "../components/Busy";
import { StateMark } from "./StateMark";
import classes from "./LogView.module.css";

/** How near to its end, in pixels, the log counts as read to the end. */
const NEAR = 24;

export function LogView({ workspace }: { workspace: Workspace }) {
  const { text, problem } = useLog(workspace);
  const view = useRef<HTMLPreElement>(null);
  const atEnd = useRef(true);

  useEffect(() => {
    if (view.current && atEnd.current) view.current.scrollTop = view.current.scrollHeight;
  }, [text]);

  return (
    <>
      <Group gap="sm" mb="sm">
        <StateMark state={workspace.state} />
        <Text size="sm" c="dimmed">
          {workspace.progress || workspace.reason}
        </Text>
      </Group>
      {text === undefined && problem === "" ? <Busy label="Fetching the log" /> : null}
      {text !== undefined ? (
        <pre
          ref={view}
          className={classes.log}
          role="log"
          aria-label="Log"
          tabIndex={0}
          onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
            atEnd.current = scrollHeight - scrollTop - clientHeight < NEAR;
          }}
        >
          {text === "" ? <span className={classes.quiet}>Nothing has been written yet.</span> : text}
        </pre>
      ) : null}
      <Text size="sm" c="dimmed" mt="xs" role="status">
        {problem}
      </Text>
    </>
  );
}
