/** A workspace's state as a coloured dot and a word; the dot breathes while something is being done. */
import type { WorkspaceState } from "../api/types";
import { STATE_WORDS } from "./states";
import classes from "./StateMark.module.css";

export function StateMark({ state }: { state: WorkspaceState }) {
  return (
    <span className={classes.mark} data-state={state}>
      <span className={classes.dot} aria-hidden />
      {STATE_WORDS[state]}
    </span>
  );
}
