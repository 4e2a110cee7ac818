import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ADA, fakeHub, Refusal } from "../test/hub";
import { Feed, type FeedMessage } from "./feed";

class FakeEventSource {
  static opened: FakeEventSource[] = [];
  onmessage: ((message: { data: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  closed = false;

  constructor(readonly url: string) {
    FakeEventSource.opened.push(this);
  }

  close(): void {
    this.closed = true;
  }
}

const newest = () => FakeEventSource.opened.at(-1) as FakeEventSource;
const snapshot = { type: "snapshot", me: ADA, workspaces: [] };

beforeEach(() => {
  FakeEventSource.opened = [];
  vi.stubGlobal("EventSource", FakeEventSource);
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function collect(): { feed: Feed; said: FeedMessage[]; states: () => string[] } {
  const said: FeedMessage[] = [];
  const feed = new Feed((message) => said.push(message));
  return { feed, said, states: () => said.flatMap((message) => (message.kind === "state" ? [message.state] : [])) };
}

test("it is live from the first event, and connects again when the connection breaks", async () => {
  fakeHub({ "GET /api/v1/me": ADA });
  const { feed, said, states } = collect();
  feed.open();
  feed.open();
  expect(FakeEventSource.opened).toHaveLength(1);
  newest().onmessage?.({ data: JSON.stringify(snapshot) });
  expect(said.at(-1)).toEqual({ kind: "event", event: snapshot });

  newest().onerror?.();
  expect(newest().closed).toBe(true);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(FakeEventSource.opened).toHaveLength(2);
  newest().onmessage?.({ data: JSON.stringify(snapshot) });
  expect(states()).toEqual(["connecting", "live", "reconnecting", "live"]);
});

test("it goes on trying while the hub is away", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no network")));
  const { feed, states } = collect();
  feed.open();
  for (let attempt = 1; attempt <= 5; attempt++) {
    newest().onerror?.();
    await vi.advanceTimersByTimeAsync(7_000);
    expect(FakeEventSource.opened).toHaveLength(attempt + 1);
  }
  expect(states()).toEqual(["connecting", "reconnecting"]);
});

test("it ends when the person is signed out", async () => {
  fakeHub({ "GET /api/v1/me": new Refusal(401, { code: "signed-out", sentence: "You are signed out." }) });
  const { feed, states } = collect();
  feed.open();
  newest().onerror?.();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(states()).toEqual(["connecting", "reconnecting", "signed-out"]);
  expect(FakeEventSource.opened).toHaveLength(1);
});

test("closing it while it asks who one is opens nothing more", async () => {
  fakeHub({ "GET /api/v1/me": ADA });
  const { feed, states } = collect();
  feed.open();
  newest().onerror?.();
  feed.close();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(FakeEventSource.opened).toHaveLength(1);
  expect(states().at(-1)).toBe("closed");
});
