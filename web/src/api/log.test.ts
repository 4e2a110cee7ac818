import { act, renderHook, waitFor } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { workspace } from "../test/hub";
import { append, plain, useLog } from "./log";

afterEach(() => {
  vi.unstubAllGlobals();
});

/** A hub that keeps `log.text` as the log and answers `page` bytes at a time. */
function serve(log: { text: string }, page = 1000): void {
  vi.stubGlobal("fetch", async (url: string) => {
    const bytes = new TextEncoder().encode(log.text);
    const asked = Number(new URL(url, "http://hub").searchParams.get("after"));
    const start = asked <= bytes.length ? asked : 0;
    const data = bytes.slice(start, start + page);
    return new Response(data, { headers: { "Coterie-Log-End": String(start + data.length) } });
  });
}

test("it goes on where it was at each event, in parts, and begins anew with the log", async () => {
  const log = { text: "Cloning\n" };
  serve(log, 5);
  const { result, rerender } = renderHook(({ now }) => useLog(now), { initialProps: { now: workspace() } });
  await waitFor(() => expect(result.current.text).toBe("Cloning\n"));
  log.text += "Starting the machine\n";
  rerender({ now: workspace({ progress: "Starting the machine" }) });
  await waitFor(() => expect(result.current.text).toBe("Cloning\nStarting the machine\n"));
  log.text = "Anew\n";
  rerender({ now: workspace() });
  await waitFor(() => expect(result.current.text).toBe("Anew\n"));
});

test("when the hub is away it says so and keeps what it has", async () => {
  const log = { text: "Cloning\n" };
  serve(log);
  const { result, rerender } = renderHook(({ now }) => useLog(now), { initialProps: { now: workspace() } });
  await waitFor(() => expect(result.current.text).toBe("Cloning\n"));
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no network")));
  act(() => rerender({ now: workspace() }));
  await waitFor(() => expect(result.current.problem).toContain("cannot be reached"));
  expect(result.current.text).toBe("Cloning\n");
});

test("a long log keeps its end, cut between lines; a terminal's colours are left out", () => {
  const line = `${"x".repeat(99)}\n`;
  const kept = append(line.repeat(4_000), "the end\n");
  expect(kept.length).toBeLessThanOrEqual(400_000);
  expect(kept.startsWith(line)).toBe(true);
  expect(kept.endsWith("the end\n")).toBe(true);
  expect(plain("2026-11-21T12:34:56Z Starting\n")).toMatch(/^11-2[0-2] \d\d:[03]4:56 Starting\n$/);
  expect(plain("\u001b[31mred\u001b[0m 10%\r20%\r\nok")).toBe("red 10%\n20%\nok");
});
