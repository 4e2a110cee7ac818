import { describe, expect, it, vi } from "vitest";
import * as Y from "yjs";
import { channel, documents, failing, opened, serverText, store } from "../test/documents";
import { RequestError } from "../wire/channel";
import { Documents } from "./documents";

describe("what is kept in the browser", () => {
  it("keeps what was typed offline across a reload", async () => {
    const document = await opened();
    channel.drop();
    document.text.insert(5, " kept");
    const kept = store();
    await vi.waitFor(async () => expect((await kept.get("a.txt"))?.edits).toBe(1));
    const next = new Documents(channel.as(), "w", store());
    const again = next.open("a.txt");
    await vi.waitFor(() => expect(again.text.toString()).toBe("hello kept"));
    channel.restore();
    await vi.waitFor(() => expect(serverText()).toBe("hello kept"));
    await vi.waitFor(async () => expect(await kept.get("a.txt")).toBeNull());
    next.stop();
  });

  it("keeps what was typed a moment before the page went away", async () => {
    const document = await opened();
    // Nothing is kept by the clock.
    vi.stubGlobal("setTimeout", () => 0);
    try {
      channel.drop();
      document.text.insert(5, " last words");
      dispatchEvent(new Event("pagehide"));
      const kept = store();
      await vi.waitFor(async () => expect((await kept.get("a.txt"))?.edits).toBe(1));
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it("is found although the document was opened before it was known whose page this is", async () => {
    const before = await opened();
    channel.drop();
    before.text.insert(5, " kept");
    const kept = store();
    await vi.waitFor(async () => expect((await kept.get("a.txt"))?.edits).toBe(1));
    let owner: string | null = null;
    const next = new Documents(channel.as(), "w", store(() => owner));
    const again = next.open("a.txt");
    owner = "ada/w";
    channel.restore();
    await vi.waitFor(() => expect(again.snapshot().phase).toBe("open"));
    expect(again.text.toString()).toBe("hello kept");
    next.stop();
  });

  it("stays when the person may no longer write and the history is another", async () => {
    const document = await opened();
    channel.drop();
    document.text.insert(5, " mine");
    channel.epoch = "second";
    channel.server = new Y.Doc();
    channel.writable = false;
    channel.restore();
    await vi.waitFor(() => expect(document.snapshot().problem).toContain("kept in this browser"));
    expect(document.text.toString()).toBe("hello mine");
    expect(document.snapshot().unconfirmed).toBe(1);
  });

  it("is sent when the connection is there, whether or not anybody opens the file", async () => {
    const document = await opened();
    channel.drop();
    document.text.insert(5, " kept");
    documents.release(document);
    await vi.waitFor(async () => expect(await store().paths()).toEqual(["a.txt"]));
    channel.restore();
    await vi.waitFor(() => expect(serverText()).toBe("hello kept"));
    await vi.waitFor(async () => expect(await store().paths()).toEqual([]));
    expect(documents.snapshot()).toEqual([]);
  });

  it("is sent once there is room for it, although nobody opens the file", async () => {
    const document = await opened();
    channel.drop();
    document.text.insert(5, " kept");
    documents.release(document);
    await vi.waitFor(async () => expect(await store().paths()).toEqual(["a.txt"]));
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      channel.failure = new RequestError("disk-full", "The disk is full.");
      channel.restore();
      await vi.waitFor(() => expect(documents.get("a.txt")?.snapshot().failure?.code).toBe("disk-full"));
      channel.failure = null;
      await vi.advanceTimersByTimeAsync(5_000);
      await vi.waitFor(() => expect(serverText()).toBe("hello kept"));
      await vi.waitFor(() => expect(documents.snapshot()).toEqual([]));
    } finally {
      vi.useRealTimers();
    }
  });

  it("is handed to the page that has the file under its new name", async () => {
    const document = await opened();
    channel.drop();
    document.text.insert(5, " kept");
    documents.release(document);
    await vi.waitFor(async () => expect(await store().paths()).toEqual(["a.txt"]));
    channel.path = "b.txt";
    const renamed = documents.open("b.txt");
    channel.restore();
    await vi.waitFor(() => expect(serverText()).toBe("hello kept"));
    const shown = renamed.successor ?? renamed;
    expect(documents.get("b.txt")).toBe(shown);
    await vi.waitFor(() => expect(shown.text.toString()).toBe("hello kept"));
    await vi.waitFor(async () => expect(await store().paths()).toEqual([]));
    documents.release(renamed);
    expect(documents.snapshot()).toEqual([]);
  });

  it("stays when another file takes the place of this one and the page goes away", async () => {
    channel.acknowledging = false;
    channel.path = "b.txt";
    const there = await opened("b.txt");
    there.text.insert(0, "only here ");
    channel.path = "a.txt";
    channel.epoch = "another";
    const moving = await opened("a.txt");
    channel.drop();
    documents["moved"](moving, "b.txt");
    await vi.waitFor(async () => expect((await store().get("b.txt"))?.edits).toBe(1));
    documents.stop();
    // The next page opens what is there now, and brings what the other held as text.
    channel.acknowledging = true;
    channel.path = "b.txt";
    const next = new Documents(channel.as(), "w", store());
    const shown = next.open("b.txt");
    channel.restore();
    await vi.waitFor(() => expect(serverText()).toContain("[rebased]"));
    expect(shown.snapshot().path).toBe("b.txt");
    await vi.waitFor(async () => expect(await store().paths()).toEqual([]));
    next.stop();
  });

  async function ofTwoHistories(): Promise<void> {
    const other = new Y.Doc();
    other.getText("text").insert(0, "old");
    const confirmed = Y.encodeStateAsUpdate(other);
    const before = Y.encodeStateVector(other);
    other.getText("text").insert(3, "er");
    const kept = { confirmed, pending: Y.encodeStateAsUpdate(other, before), edits: 1 };
    for (const epoch of ["older", "oldest"]) await store().put("a.txt", { epoch, ...kept });
  }

  it("of several histories is all brought into the one there is now", async () => {
    await ofTwoHistories();
    await opened();
    await vi.waitFor(async () => expect(await store().paths()).toEqual([]));
    expect(channel.sent.filter(({ type }) => type === "DocumentRebase")).toHaveLength(2);
  });

  it("of another history is brought once there is room for it, and waits visibly", async () => {
    await ofTwoHistories();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const tries = failing(new RequestError("disk-full", "The disk is full."), 2);
      const document = await opened();
      await vi.waitFor(() => expect(tries()).toHaveLength(2));
      await vi.waitFor(() => expect(document.snapshot().unconfirmed).toBe(1));
      await vi.advanceTimersByTimeAsync(5_000);
      await vi.waitFor(() => expect(tries()).toHaveLength(3));
      await vi.waitFor(() => expect(document.snapshot().unconfirmed).toBe(0));
      await vi.waitFor(async () => expect(await store().paths()).toEqual([]));
    } finally {
      vi.useRealTimers();
    }
  });

  it("goes along when the file is moved", async () => {
    const document = await opened();
    channel.drop();
    document.text.insert(5, " kept");
    document.moved("b.txt");
    const kept = store();
    await vi.waitFor(async () => expect((await kept.get("b.txt"))?.edits).toBe(1));
    await vi.waitFor(async () => expect(await kept.get("a.txt")).toBeNull());
  });
});
