import { describe, expect, it, vi } from "vitest";
import * as Y from "yjs";
import { channel, failing, opened, store } from "../test/documents";
import { RequestError } from "../wire/channel";

/** Text that cannot be packed. */
function noise(length: number): string {
  const drawn = () => String.fromCharCode(...crypto.getRandomValues(new Uint8Array(1 << 14)).map((byte) => 32 + (byte % 95)));
  return Array.from({ length: length >> 14 }, drawn).join("");
}

describe("a document that cannot be sent as edits", () => {
  it("is rebased onto another history, never merged with it", async () => {
    const document = await opened();
    const notices: string[] = [];
    document.onNotice(({ sentence }) => notices.push(sentence));
    channel.drop();
    document.text.insert(5, " typed");
    channel.epoch = "second";
    channel.server = new Y.Doc();
    channel.server.getText("text").insert(0, "anew");
    channel.restore();
    await vi.waitFor(() => expect(document.snapshot().generation).toBe(1));
    expect(document.text.toString()).toBe("[rebased]anew");
    expect(document.snapshot().unconfirmed).toBe(0);
    expect(channel.edits()).toHaveLength(0);
    expect(channel.sent.filter(({ type }) => type === "DocumentRebase")).toHaveLength(1);
    expect(notices.join()).toContain("Ada's text");
  });

  it("brings as text what the server refused as an edit, and says what was kept and why", async () => {
    const document = await opened();
    const notices: string[] = [];
    document.onNotice(({ sentence }) => notices.push(sentence));
    channel.acknowledging = false;
    channel.problem = "The file would become longer than 10 MB.";
    document.text.insert(5, " too much");
    channel.say({ type: "DocumentRefused", document: 7, code: "too-big", sentence: "Longer than 10 MB." });
    await vi.waitFor(() => expect(document.snapshot().generation).toBe(1));
    const rebases = channel.sent.filter(({ type }) => type === "DocumentRebase");
    expect(rebases).toHaveLength(1);
    expect(document.snapshot()).toMatchObject({ phase: "open", unconfirmed: 0 });
    expect(notices).toEqual([
      "The file would become longer than 10 MB. What was typed on this page is kept in this file's history as “Ada's text”.",
    ]);
    document.text.insert(0, "on ");
    expect(channel.edits().at(-1)).toMatchObject({ sequence: 1 });
  });

  it("keeps a refused text here, and says so, when the server cannot keep it", async () => {
    const document = await opened();
    channel.acknowledging = false;
    document.text.insert(5, " mine");
    channel.failure = new RequestError("disk-full", "The disk is full.");
    channel.say({ type: "DocumentRefused", document: 7, code: "too-big", sentence: "Longer than 10 MB." });
    await vi.waitFor(() => expect(document.snapshot().phase).toBe("offline"));
    expect(document.snapshot()).toMatchObject({ problem: "The disk is full. This page tries again by itself.", unconfirmed: 1 });
    expect(document.text.toString()).toBe("hello mine");
  });

  it("never sends an edit that a message cannot hold: it travels as text", async () => {
    const document = await opened();
    document.text.insert(5, "x".repeat(2 << 20));
    await vi.waitFor(() => expect(document.snapshot().generation).toBe(1));
    expect(channel.edits()).toHaveLength(0);
    expect(channel.sent.filter(({ type }) => type === "DocumentRebase")).toHaveLength(1);
  });

  it("brings a refused text by itself once there is room for it", async () => {
    const document = await opened();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const tries = failing(new RequestError("disk-full", "The disk is full."), 1);
      document.text.insert(5, "x".repeat(2 << 20));
      await vi.waitFor(() => expect(document.snapshot().problem).toContain("The disk is full."));
      await vi.advanceTimersByTimeAsync(2_000);
      await vi.waitFor(() => expect(document.snapshot()).toMatchObject({ unconfirmed: 0, problem: "" }));
      expect(tries()).toHaveLength(2);
    } finally {
      vi.useRealTimers();
    }
  });

  it("keeps what is too large to be sent even as text, here and in the browser, and says so", async () => {
    const long = noise(6 << 20);
    channel.server.getText("text").delete(0, 5);
    channel.server.getText("text").insert(0, long);
    const document = await opened();
    channel.drop();
    const typed = noise(2 << 20);
    document.text.insert(0, typed);
    channel.restore();
    await vi.waitFor(() => expect(document.snapshot().problem).toContain("too large to be sent. It stays on this page"));
    expect(document.snapshot()).toMatchObject({ phase: "offline", unconfirmed: 1 });
    expect(document.text.toString() === typed + long).toBe(true);
    expect(channel.edits()).toHaveLength(0);
    expect(channel.sent.filter(({ type }) => type === "DocumentRebase")).toHaveLength(0);
    // Nor does a page that goes away lose it.
    const kept = store();
    await vi.waitFor(async () => expect((await kept.get("a.txt"))?.edits).toBe(1));
    const doc = new Y.Doc();
    const found = await kept.get("a.txt");
    if (found) for (const update of [found.confirmed, found.pending]) Y.applyUpdate(doc, update);
    expect(doc.getText("text").toString() === typed + long).toBe(true);
  });

  it("keeps showing a deleted file's text that a page which may only watch has alone", async () => {
    const document = await opened();
    channel.drop();
    channel.writable = false;
    channel.failure = new RequestError("not-found", "This may be the only copy.");
    channel.restore();
    await vi.waitFor(() => expect(document.snapshot().failure).toEqual({ code: "not-found", sentence: "This may be the only copy." }));
    expect(document.snapshot().phase).toBe("offline");
    // Also when there is another file by now.
    channel.drop();
    channel.failure = null;
    channel.epoch = "another";
    channel.server = new Y.Doc();
    channel.restore();
    await document.open();
    expect(document.text.toString()).toBe("hello");
    channel.drop();
    channel.writable = true;
    channel.restore();
    await vi.waitFor(() => expect(document.snapshot().phase).toBe("open"));
    expect(channel.sent.filter(({ type }) => type === "DocumentRebase")).toHaveLength(1);
  });

  it("carries nothing over that the server kept", async () => {
    const document = await opened();
    const another = (text: string) => {
      channel.epoch = text;
      channel.server = new Y.Doc();
      channel.server.getText("text").insert(0, text);
      channel.say({ type: "DocumentReset", document: 7, kept: true });
    };
    another("another file");
    await vi.waitFor(() => expect(document.text.toString()).toBe("another file"));
    expect(channel.sent.filter(({ type }) => type === "DocumentRebase")).toHaveLength(0);
    // What the server never had is.
    channel.acknowledging = false;
    document.text.insert(0, "only here ");
    another("a third");
    await vi.waitFor(() => expect(document.text.toString()).toBe("[rebased]a third"));
    expect(channel.sent.filter(({ type }) => type === "DocumentRebase")).toHaveLength(1);
  });
});
