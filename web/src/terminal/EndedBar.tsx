/** What became of a terminal's program, and a way to start a new one. */
import { Button } from "@mantine/core";
import { useState } from "react";
import type { TerminalInfo } from "../wire/generated";
import { endSentence } from "./ending";
import classes from "./TerminalPane.module.css";

interface Props {
  info: TerminalInfo;
  mayRun: boolean;
  onRunAgain: () => Promise<void>;
}

export function EndedBar({ info, mayRun, onRunAgain }: Props) {
  const [busy, setBusy] = useState(false);
  const run = () => {
    setBusy(true);
    void onRunAgain().finally(() => setBusy(false));
  };
  return (
    <div className={classes.ended} role="status">
      <div className={classes.endedText}>
        <div>{endSentence(info.exit_code)}</div>
        {info.stopped.length > 0 && (
          <div className={classes.stopped} title={info.stopped.join("\n")}>
            Still running then: {info.stopped.join(" · ")}
          </div>
        )}
      </div>
      {mayRun && (
        <Button size="compact-sm" variant="default" loading={busy} onClick={run}>
          Run again
        </Button>
      )}
    </div>
  );
}
