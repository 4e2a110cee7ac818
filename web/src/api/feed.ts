/**
 * One connection to the hub's events, which opens again by itself.
 *
 * Every connection begins with a snapshot of all that the person sees, so nothing is lost by a connection that was.
 * Knows neither React nor the cache, and runs in a shared worker as well as in a page.
 */
import type { HubEvent } from "./types";

/** `signed-out` and `closed` stay; the others change by themselves. */
export type FeedState = "connecting" | "live" | "reconnecting" | "signed-out" | "closed";

export type FeedMessage = { kind: "state"; state: FeedState } | { kind: "event"; event: HubEvent };

const EVENTS = "/api/v1/events";
const FIRST_DELAY = 500;
const LONGEST_DELAY = 5_000;

export class Feed {
  state: FeedState = "closed";
  private source: EventSource | null = null;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private attempts = 0;

  constructor(private readonly emit: (message: FeedMessage) => void) {}

  /** Connect, unless it already is or is about to. */
  open(): void {
    if (this.state === "live" || this.state === "connecting" || this.state === "reconnecting") return;
    this.attempts = 0;
    this.set("connecting");
    this.connect();
  }

  close(): void {
    this.end("closed");
  }

  private connect(): void {
    const source = new EventSource(EVENTS);
    this.source = source;
    source.onmessage = (message: MessageEvent<string>) => {
      if (this.source !== source) return;
      this.attempts = 0;
      this.set("live");
      this.emit({ kind: "event", event: JSON.parse(message.data) as HubEvent });
    };
    source.onerror = () => {
      if (this.source === source) void this.lost(source);
    };
  }

  /** The browser's own retry keeps its own pace and gives up after a refusal; ours goes on and learns of a sign-out. */
  private async lost(source: EventSource): Promise<void> {
    source.close();
    this.set("reconnecting");
    const refused = await fetch("/api/v1/me", { credentials: "same-origin" }).then(
      (response) => response.status === 401,
      () => false,
    );
    if (this.source !== source) return;
    if (refused) return this.end("signed-out");
    const delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.attempts++);
    this.retry = setTimeout(() => this.connect(), delay * (0.75 + Math.random() / 2));
  }

  private end(state: FeedState): void {
    clearTimeout(this.retry);
    this.source?.close();
    this.source = null;
    this.set(state);
  }

  private set(state: FeedState): void {
    if (state === this.state) return;
    this.state = state;
    this.emit({ kind: "state", state });
  }
}
