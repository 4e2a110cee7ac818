/** Says when changes do not arrive at the moment; nothing while they do. */
import { Loader } from "@mantine/core";
import { useFeedState } from "../api/live";
import classes from "./LiveNotice.module.css";

export function LiveNotice() {
  const state = useFeedState();
  return (
    <div role="status">
      {state === "reconnecting" ? (
        <span className={classes.notice}>
          <Loader size={12} color="currentColor" aria-hidden />
          Reconnecting…
        </span>
      ) : null}
    </div>
  );
}
