/** Brings the hub's events into the query cache, and says whether they arrive. */
import { useEffect, useSyncExternalStore } from "react";
import { queryClient } from "./cache";
import { Feed, type FeedMessage, type FeedState } from "./feed";
import type { FeedRequest } from "./feed.worker";
import { keys } from "./keys";
import { after, type Snapshot } from "./snapshot";

/** Says whom this page shows; null when nobody any more. */
type Announce = (person: string | null) => void;

let announce: Announce | null = null;
let person: string | null = null;
let state: FeedState = "connecting";
let known: Snapshot | null = null;
const listeners = new Set<() => void>();

/** Take in what the feed said. Exported for tests. */
export function receive(message: FeedMessage): void {
  if (person === null) return;
  if (message.kind === "state") {
    state = message.state;
    for (const listener of listeners) listener();
    // Asking who one is gets the answer "nobody", which leads to the sign-in page.
    if (state === "signed-out" || state === "closed") void queryClient.resetQueries({ queryKey: keys.me });
    return;
  }
  known = after(known, message.event);
  if (!known) return;
  queryClient.setQueryData(keys.me, known.me);
  queryClient.setQueryData(keys.workspaces, known.workspaces);
}

/** A feed of this page alone, where there are no shared workers. */
function direct(): Announce {
  const feed = new Feed(receive);
  return (who) => (who === null ? feed.close() : feed.open());
}

function shared(): Announce {
  const worker = new SharedWorker(new URL("./feed.worker.ts", import.meta.url), { type: "module", name: "coterie-feed" });
  const send = (request: FeedRequest) => worker.port.postMessage(request);
  worker.port.onmessage = (message: MessageEvent<FeedMessage>) => receive(message.data);
  worker.onerror = () => {
    announce = direct();
    announce(person);
  };
  window.addEventListener("pagehide", () => send("gone"));
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) send({ person });
  });
  return (who) => send({ person: who });
}

/** Keep the cache live for this person while they are signed in. */
export function useLive(id: string | undefined): void {
  useEffect(() => {
    if (!id || id === person) return;
    person = id;
    known = null;
    announce ??= typeof SharedWorker === "undefined" ? direct() : shared();
    announce(id);
  }, [id]);
}

/** Stop, before somebody else signs in or nobody does. */
export function forgetLive(): void {
  if (person !== null) announce?.(null);
  person = null;
  known = null;
  state = "connecting";
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Whether changes arrive at the moment they happen. */
export function useFeedState(): FeedState {
  return useSyncExternalStore(subscribe, () => state);
}
