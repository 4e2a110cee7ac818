/** The line at the bottom: connection, saving and the machine's state, in words. */
import { Tooltip } from "@mantine/core";
import type { Workspace } from "../api/types";
import { useIde } from "../ide/context";
import { PortsStatus } from "../ports/PortsStatus";
import { useChannel } from "../ide/useStore";
import { connectionInWords } from "./connection";
import { useBranch } from "./useBranch";
import { useSaveState } from "./useSaveState";
import classes from "./StatusBar.module.css";

export function StatusBar({ workspace, narrow }: { workspace: Workspace | null; narrow: boolean }) {
  const { channel } = useIde();
  const facts = useChannel(channel);
  const connection = connectionInWords(facts, workspace?.state);
  const save = useSaveState();
  const branch = useBranch();
  const readOnly = channel.welcome !== null && !channel.may("document.write");
  return (
    <footer className={classes.bar} aria-label="Status">
      <Tooltip label={connection.sentence || "The connection to the workspace, and how long a round trip takes"} multiline maw={320}>
        <span className={classes.item} data-tone={connection.tone} role="status" aria-label={`Connection: ${plain(connection.words)}`}>
          <span className={classes.dot} aria-hidden />
          <span aria-hidden>{connection.words}</span>
        </span>
      </Tooltip>
      {connection.remedy === "try-again" && (
        <button type="button" className={classes.button} onClick={channel.now}>
          Try again
        </button>
      )}
      {branch && !narrow && (
        <Tooltip label="The branch that is checked out">
          <span className={classes.item} aria-label={`Branch ${branch}`}>
            <BranchIcon />
            <span className={classes.branch}>{branch}</span>
          </span>
        </Tooltip>
      )}
      <span className={classes.gap} />
      <PortsStatus />
      {readOnly && <span className={classes.item}>Only watching</span>}
      {save && (
        <Tooltip label={save.sentence} multiline maw={360} disabled={!save.sentence}>
          <span className={classes.item} data-tone={save.tone} role="status" aria-label={`Saving: ${save.words}`}>
            <span className={classes.dot} aria-hidden />
            <span aria-hidden>{save.words}</span>
          </span>
        </Tooltip>
      )}
    </footer>
  );
}

/** Without the round trip's time: a screen reader need not hear each new one. */
function plain(words: string): string {
  return words.replace(/ · .*/, "");
}

function BranchIcon() {
  return (
    <svg width="12" height="12" viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.4" aria-hidden focusable="false">
      <circle cx="4.5" cy="3.5" r="1.8" />
      <circle cx="4.5" cy="12.5" r="1.8" />
      <circle cx="11.5" cy="5.5" r="1.8" />
      <path d="M4.5 5.3v5.4M11.5 7.3c0 2.4-7 1.4-7 3.6" />
    </svg>
  );
}
