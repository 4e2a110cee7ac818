/** What the person sees of the hub, as one value that each event turns into the next. */
import type { HubEvent, Workspace } from "./types";

export type Snapshot = Extract<HubEvent, { type: "snapshot" }>;

/** The order of lists: newest first, as the hub lists them. */
function newestFirst(one: Workspace, other: Workspace): number {
  return other.created.localeCompare(one.created);
}

/**
 * `known` after `event`. Null as long as no snapshot came: what changes then is in the snapshot to come. Applying an event
 * twice is the same as once.
 */
export function after(known: Snapshot | null, event: HubEvent): Snapshot | null {
  if (event.type === "snapshot") return { ...event, workspaces: [...event.workspaces].sort(newestFirst) };
  if (!known) return null;
  switch (event.type) {
    case "me":
      return { ...known, me: event.me };
    case "gone":
      return { ...known, workspaces: known.workspaces.filter(({ id }) => id !== event.id) };
    case "workspace": {
      const { workspace } = event;
      const there = known.workspaces.some(({ id }) => id === workspace.id);
      const workspaces = there
        ? known.workspaces.map((other) => (other.id === workspace.id ? workspace : other))
        : [...known.workspaces, workspace].sort(newestFirst);
      return { ...known, workspaces };
    }
    default:
      // A newer hub may say more than this page knows.
      return known;
  }
}
