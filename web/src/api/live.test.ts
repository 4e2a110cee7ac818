import { act, renderHook, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ADA, fakeHub, Refusal, workspace } from "../test/hub";
import { queryClient } from "./cache";
import { keys } from "./keys";
import { forgetLive, receive, useFeedState, useLive } from "./live";

/** Everything of the browser's that a live page uses, saying nothing. */
class SilentEventSource {
  onmessage = null;
  onerror = null;
  close(): void {}
}

beforeEach(() => {
  vi.stubGlobal("EventSource", SilentEventSource);
  queryClient.clear();
});

afterEach(() => {
  forgetLive();
  vi.unstubAllGlobals();
});

test("a snapshot and what follows it are what every page sees", () => {
  renderHook(() => useLive("ada"));
  receive({ kind: "event", event: { type: "workspace", workspace: workspace() } });
  expect(queryClient.getQueryData(keys.workspaces)).toBeUndefined();
  receive({ kind: "event", event: { type: "snapshot", me: ADA, workspaces: [workspace()] } });
  receive({ kind: "event", event: { type: "workspace", workspace: workspace({ state: "stopped" }) } });
  receive({ kind: "event", event: { type: "me", me: { ...ADA, display_name: "Countess" } } });
  expect(queryClient.getQueryData(keys.workspaces)).toEqual([workspace({ state: "stopped" })]);
  expect(queryClient.getQueryData(keys.me)).toEqual({ ...ADA, display_name: "Countess" });
});

test("nothing that arrives after leaving is shown to who comes next", () => {
  renderHook(() => useLive("ada"));
  forgetLive();
  receive({ kind: "event", event: { type: "snapshot", me: ADA, workspaces: [workspace()] } });
  expect(queryClient.getQueryData(keys.workspaces)).toBeUndefined();
});

test("a broken connection is said, and a sign-out elsewhere makes the page ask who one is", async () => {
  const asked = fakeHub({ "GET /api/v1/me": new Refusal(401, { code: "signed-out", sentence: "You are signed out." }) });
  const { result } = renderHook(() => {
    useLive("ada");
    return useFeedState();
  });
  act(() => receive({ kind: "state", state: "reconnecting" }));
  expect(result.current).toBe("reconnecting");
  queryClient.setQueryData(keys.me, ADA);
  act(() => receive({ kind: "state", state: "signed-out" }));
  await waitFor(() => expect(queryClient.getQueryData(keys.me)).toBeUndefined());
  expect(asked).toEqual([]);
});
