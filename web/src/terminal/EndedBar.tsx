/** What became of a terminal's program, and a way to start a new one. */
import { Button, Tooltip } from "@mantine/core";
import { useState } from "react";
import type { TerminalInfo } from "../wire/generated";
import { endSentence } from "./ending";
import classes from "./TerminalPane.module.css";

interface Props {
  info: TerminalInfo;
  /** Why this person cannot start a new program; empty when they can. */
  whyNot: string;
  onRunAgain: () => Promise<void>;
}

export function EndedBar({ info, whyNot, onRunAgain }: Props) {
  const [busy, setBusy] = useState(false);
  const run = () => {
    if (whyNot) return;
    setBusy(true);
    void onRunAgain().finally(() => setBusy(false));
  };
  return (
    <div className={classes.ended}>
      <div className={classes.endedText} role="status">
        <div>{endSentence(info.exit_code)}</div>
        {info.stopped.length > 0 && (
          <div className={classes.stopped} title={info.stopped.join("\n")}>
            Still running then: {info.stopped.join(" · ")}
          </div>
        )}
      </div>
      <Tooltip label={whyNot} disabled={!whyNot} multiline maw={260} events={{ hover: true, focus: true, touch: true }}>
        <Button
          size="compact-sm"
          variant="default"
          loading={busy}
          aria-disabled={whyNot !== "" || undefined}
          data-disabled={whyNot !== "" || undefined}
          aria-description={whyNot || undefined}
          onClick={run}
        >
          Run again
        </Button>
      </Tooltip>
    </div>
  );
}
