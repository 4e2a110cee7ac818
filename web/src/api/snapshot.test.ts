// @vitest-environment node
import { expect, test } from "vitest";
import { ADA, workspace } from "../test/hub";
import { after, type Snapshot } from "./snapshot";
import type { HubEvent } from "./types";

const old = workspace({ id: "old", created: "2026-11-01T00:00:00Z" });
const young = workspace({ id: "young", created: "2026-11-19T00:00:00Z" });
const snapshot: Snapshot = { type: "snapshot", me: ADA, workspaces: [old, young] };
const ids = (known: Snapshot | null) => known?.workspaces.map(({ id }) => id);

test("the newest workspace is first, wherever it came from", () => {
  const first = after(null, snapshot);
  expect(ids(first)).toEqual(["young", "old"]);
  const middle = workspace({ id: "middle", created: "2026-11-10T00:00:00Z" });
  expect(ids(after(first, { type: "workspace", workspace: middle }))).toEqual(["young", "middle", "old"]);
});

test("what changed is replaced where it stands", () => {
  const known = after(null, snapshot);
  const failed = { ...old, state: "failed" as const, reason: "The disk is full." };
  const next = after(known, { type: "workspace", workspace: failed });
  expect(next?.workspaces).toEqual([young, failed]);
});

test("events before the first snapshot are nothing: the snapshot holds what they said", () => {
  expect(after(null, { type: "workspace", workspace: old })).toBeNull();
  expect(after(null, { type: "gone", id: "old" })).toBeNull();
});

test("events in any order, doubled, and an unknown one end in the state that a fresh snapshot has", () => {
  const stopped = { ...young, state: "stopped" as const };
  const added = workspace({ id: "added", created: "2026-11-20T00:00:00Z" });
  const events: HubEvent[] = [
    { type: "workspace", workspace: stopped },
    { type: "gone", id: "old" },
    { type: "workspace", workspace: added },
    { type: "me", me: { ...ADA, colour: 3 } },
  ];
  const fresh = after(null, { type: "snapshot", me: { ...ADA, colour: 3 }, workspaces: [stopped, added] });
  for (const order of [events, [...events].reverse(), events.flatMap((event) => [event, event])]) {
    expect(order.reduce<Snapshot | null>(after, after(null, snapshot))).toEqual(fresh);
  }
  expect(after(fresh, { type: "weather" } as unknown as HubEvent)).toEqual(fresh);
});
