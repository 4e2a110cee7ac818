/**
 * One connection to the hub's events for all tabs of a browser.
 *
 * Browsers allow six connections to one HTTP/1.1 server over all tabs; with one for each tab, the seventh would load nothing.
 */
import { Feed, type FeedMessage } from "./feed";
import { after, type Snapshot } from "./snapshot";

/** What a tab tells the worker: whom it shows (null: they signed out), or that it was closed. */
export type FeedRequest = { person: string | null } | "gone";

interface SharedWorkerScope {
  onconnect: ((event: MessageEvent) => void) | null;
}

const ports = new Set<MessagePort>();
let person: string | null = null;
let known: Snapshot | null = null;

const feed = new Feed((message) => {
  if (message.kind === "event") known = after(known, message.event);
  for (const port of ports) port.postMessage(message);
});

function receive(port: MessagePort, request: FeedRequest): void {
  if (request === "gone") {
    ports.delete(port);
    return;
  }
  ports.add(port);
  if (request.person !== person) {
    person = request.person;
    known = null;
    feed.close();
  }
  if (person === null) return;
  feed.open();
  port.postMessage({ kind: "state", state: feed.state } satisfies FeedMessage);
  if (known) port.postMessage({ kind: "event", event: known } satisfies FeedMessage);
}

(globalThis as unknown as SharedWorkerScope).onconnect = ({ ports: [port] }) => {
  if (port) port.onmessage = (message: MessageEvent<FeedRequest>) => receive(port, message.data);
};
