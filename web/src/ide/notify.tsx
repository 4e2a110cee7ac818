/** Saying something in a corner of the page: a sentence, with details on demand and one thing to do about it. */
import { notifications } from "@mantine/notifications";
import type { Announcement } from "./context";
import classes from "./notify.module.css";

const COLOURS = { info: "spruce", good: "spruce", warning: "yellow", problem: "red" } as const;
/** Milliseconds a notice stays; what needs reading or an answer stays longer. */
const STAYS = 6_000;
const STAYS_LONG = 14_000;
const SHOWN = 12;

/** Returns how to take it back. */
export function notify({ kind, sentence, details = [], action }: Announcement): () => void {
  const id = `notice-${sentence}`;
  // The same sentence twice at once says nothing more.
  notifications.hide(id);
  notifications.show({
    id,
    color: COLOURS[kind],
    autoClose: kind === "problem" || kind === "warning" || action || details.length ? STAYS_LONG : STAYS,
    withCloseButton: true,
    closeButtonProps: { "aria-label": "Close this notice" },
    message: (
      <div role={kind === "problem" ? "alert" : "status"}>
        {sentence}
        {details.length > 0 && (
          <details className={classes.details}>
            <summary>{details.length === 1 ? "Show it" : `Show ${details.length}`}</summary>
            <ul>
              {details.slice(0, SHOWN).map((detail) => (
                <li key={detail}>{detail}</li>
              ))}
              {details.length > SHOWN && <li>and {details.length - SHOWN} more</li>}
            </ul>
          </details>
        )}
        {action && (
          <button
            type="button"
            className={classes.action}
            onClick={() => {
              notifications.hide(id);
              action.run();
            }}
          >
            {action.label}
          </button>
        )}
      </div>
    ),
  });
  return () => notifications.hide(id);
}
