import { describe, expect, it } from "vitest";
import type { DocumentFacts } from "../editor/facts";
import { bannerFor } from "./bannerWords";
import { connectionInWords, isLockedOut, type ChannelFacts } from "./connection";
import { savingInWords } from "./saving";
import { branchOf } from "./useBranch";

const open: ChannelFacts = { state: "open", code: 0, reason: "", latency: null };
const closed = (code: number, reason = "Why."): ChannelFacts => ({ state: "closed", code, reason, latency: null });

describe("the connection in words", () => {
  it.each([
    [open, "Connected", null],
    [{ ...open, latency: 12.4 }, "Connected · 12 ms", null],
    [{ ...open, latency: 0.2 }, "Connected · 1 ms", null],
    [{ ...open, state: "connecting" }, "Connecting…", null],
    [{ ...open, state: "connecting", reason: "Lost." }, "Reconnecting…", null],
    [{ ...open, state: "waiting", reason: "Lost." }, "Reconnecting…", "try-again"],
    [closed(4401), "Signed out", "sign-in"],
    [closed(4409), "Not running", "start"],
    [closed(4430), "No access", "leave"],
    [closed(4426), "Reload needed", "reload"],
  ] as [ChannelFacts, string, string | null][])("%j: %s", (facts, words, remedy) => {
    expect(connectionInWords(facts)).toMatchObject({ words, remedy });
  });

  it("is about the machine while that does not run", () => {
    expect(connectionInWords(closed(4409), "starting")).toMatchObject({ tone: "busy", words: "Workspace starting…" });
    expect(connectionInWords(closed(4409), "failed")).toMatchObject({ tone: "problem", words: "Workspace failed" });
    expect(connectionInWords(open, "stopping").words).toBe("Connected");
    expect(connectionInWords(closed(4401), "stopped").words).toBe("Signed out");
  });

  it("locks out whoever lost access, nobody else", () => {
    expect([4403, 4404, 4430, 4401, 4409, 4432, 0].map(isLockedOut)).toEqual([true, true, true, false, false, false, false]);
  });
});

describe("the banner", () => {
  const may = { long: true, mayStart: true };
  const machine = (state: "stopped" | "starting" | "running" | "stopping" | "failed", reason = "") => ({ state, reason, progress: "" });

  it("is silent while connected, and through a short break", () => {
    expect(bannerFor(open, machine("running"), may)).toBeNull();
    expect(bannerFor({ ...open, state: "waiting" }, machine("running"), { ...may, long: false })).toBeNull();
    expect(bannerFor({ ...open, state: "waiting" }, machine("running"), may)?.title).toBe("Reconnecting…");
  });

  it("offers to start what is stopped, to those who may", () => {
    expect(bannerFor(closed(4432), machine("stopped"), may)).toMatchObject({ remedy: "start", busy: false });
    const other = bannerFor(closed(4432), machine("stopped"), { ...may, mayStart: false });
    expect(other?.remedy).toBeNull();
    expect(other?.text).toContain("Ask its owner");
  });

  it("says why it failed, with the log", () => {
    expect(bannerFor(closed(4409), machine("failed", "The disk is full."), may)).toMatchObject({ tone: "problem", log: true, remedy: "start" });
  });

  it("goes on by itself while it starts", () => {
    expect(bannerFor(closed(4409), machine("starting"), may)).toMatchObject({ busy: true, remedy: null });
  });

  it("leads to signing in, whatever the machine does", () => {
    expect(bannerFor(closed(4401), machine("stopped"), may)?.remedy).toBe("sign-in");
  });
});

describe("saving in words", () => {
  const facts = (more: Partial<DocumentFacts> = {}): DocumentFacts => ({
    path: "a.py", phase: "open", failure: null, writable: true, reason: "", format: "", unconfirmed: 0, saved: true, problem: "", gone: false, proven: false, generation: 0, ...more,
  });
  const words = (...all: DocumentFacts[]) => savingInWords(all, all[0] ?? null)?.words;

  it("says the most important thing about all open documents", () => {
    expect(words()).toBeUndefined();
    expect(words(facts())).toBe("Saved");
    expect(words(facts({ proven: true }))).toBe("Saved · everyone has the same text");
    expect(words(facts(), facts({ unconfirmed: 1 }))).toBe("Saving…");
    expect(words(facts(), facts({ problem: "The disk is full." }), facts({ unconfirmed: 1 }))).toBe("Not saved");
    expect(words(facts({ phase: "offline", unconfirmed: 1 }))).toBe("1 change waits for the connection");
    expect(words(facts({ writable: false, reason: "You may only watch." }))).toBe("Read-only");
    expect(words(facts({ gone: true, saved: false }))).toBe("File deleted");
    expect(words(facts(), facts({ gone: true, saved: false }))).toBe("Saved");
  });
});

describe("the branch", () => {
  it("is what git's own file says", () => {
    expect(branchOf("ref: refs/heads/feature/x\n")).toBe("feature/x");
    expect(branchOf(`${"0123456789".repeat(4)}\n`)).toBe("0123456");
    expect(branchOf("<html>")).toBe("");
  });
});
