import { describe, expect, it, vi } from "vitest";
import * as Y from "yjs";
import { channel, documents, failing, holding, opened } from "../test/documents";
import { RequestError } from "../wire/channel";
import type { ServerMessage } from "../wire/generated";
import type { SharedDocument } from "./document";

describe("a document whose file is moved", () => {
  it("follows its file", async () => {
    const document = await opened();
    const moves: string[] = [];
    const notices: string[] = [];
    document.onNotice(({ sentence }) => notices.push(sentence));
    documents.onMoved((from, to) => moves.push(`${from} ${to}`));
    channel.say({ type: "DocumentMoved", document: 7, path: "b.txt" });
    expect(document.snapshot().path).toBe("b.txt");
    expect(documents.get("b.txt")).toBe(document);
    channel.drop();
    channel.path = "c.txt";
    channel.restore();
    await vi.waitFor(() => expect(moves).toEqual(["a.txt b.txt", "b.txt c.txt"]));
    expect(notices).toEqual(["“b.txt” is “c.txt” now."]);
  });

  /** A file with edits that only this page has, in whose place another one is put that is open. */
  async function displaced(): Promise<{ there: SharedDocument; moving: SharedDocument; notices: string[] }> {
    channel.path = "b.txt";
    const there = await opened("b.txt");
    channel.acknowledging = false;
    there.text.insert(0, "only here ");
    channel.path = "a.txt";
    channel.epoch = "another";
    const moving = await opened("a.txt");
    const notices: string[] = [];
    moving.onNotice(({ sentence }) => notices.push(sentence));
    documents["moved"](moving, "b.txt");
    return { there, moving, notices };
  }

  it("shows the file that took its place, and brings it what only this page has", async () => {
    const { there, moving, notices } = await displaced();
    expect(there.successor).toBe(moving);
    expect(documents.get("b.txt")).toBe(moving);
    expect(documents.get("a.txt")).toBeUndefined();
    await vi.waitFor(() => expect(notices.join()).toContain("Ada's text"));
    expect(channel.sent.filter(({ type }) => type === "DocumentRebase")).toHaveLength(1);
    expect(channel.sent.filter(({ type }) => type === "DocumentClose")).toHaveLength(0);
    // Two panes show it now, and it lives until both are closed.
    documents.release(there);
    expect(documents.get("b.txt")).toBe(moving);
    documents.release(moving);
    expect(documents.snapshot()).toHaveLength(0);
  });

  it("brings it once there is room for it, and waits visibly", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const tries = failing(new RequestError("disk-full", "The disk is full."), 1);
      const { moving, notices } = await displaced();
      await vi.waitFor(() => expect(tries()).toHaveLength(1));
      expect(moving.snapshot()).toMatchObject({ unconfirmed: 1, proven: false });
      channel.say({ type: "DocumentChecked", document: 7, comparable: true, same: true });
      expect(moving.snapshot().proven).toBe(false);
      await vi.advanceTimersByTimeAsync(5_000);
      await vi.waitFor(() => expect(notices.join()).toContain("Ada's text"));
      await vi.waitFor(() => expect(moving.snapshot().unconfirmed).toBe(0));
      // The server knows it again, should it have done it the first time.
      expect(new Set(tries().map(({ identity }) => identity)).size).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });

  it("says when it cannot be brought, and keeps it for whoever opens that file next", async () => {
    failing(new RequestError("too-big", "That is too much."), 1);
    const { moving, notices } = await displaced();
    await vi.waitFor(() => expect(notices.join()).toContain("That is too much."));
    await vi.waitFor(() => expect(moving.snapshot().unconfirmed).toBe(0));
    expect(await documents["offline"].ofOtherHistories("b.txt", "another")).toHaveLength(1);
  });

  it.each([false, true])("gives back what a server lost, as another file has its place (own file elsewhere: %s)", async (elsewhere) => {
    const replaced = await opened("a.txt");
    Object.assign(channel, { path: "b.txt", epoch: "of b", server: new Y.Doc() });
    const moving = await opened("b.txt");
    channel.drop();
    channel.sent = [];
    channel.path = "a.txt";
    const request = channel.request.bind(channel);
    channel.request = async (message) => {
      const answer = await request(message);
      if (!elsewhere || message.type !== "DocumentOpen" || message.epoch !== "first") return answer;
      return { ...answer, path: "c.txt", document: 8, epoch: "first", state_vector: message.state_vector } as ServerMessage;
    };
    const go = holding((message) => message.type === "DocumentOpen" && message.epoch === "first");
    channel.restore();
    await vi.waitFor(() => expect(replaced.successor).toBe(moving));
    go();
    const said = () => channel.sent.filter(({ type }) => type === "DocumentRebase" || type === "DocumentClose");
    await vi.waitFor(() => expect(said()).toHaveLength(1));
    await vi.waitFor(() => expect(replaced["closed"]).toBe(true));
    expect(said()).toMatchObject([elsewhere ? { type: "DocumentClose", document: 8 } : { type: "DocumentRebase", document: 7 }]);
  });

  it("stays in its room when what had its place was still on its way there", async () => {
    const replaced = await opened();
    channel.path = "b.txt";
    const moving = await opened("b.txt");
    channel.drop();
    replaced.text.insert(0, "only here ");
    channel.path = "a.txt";
    channel.epoch = "second";
    const go = holding((message) => message.type === "DocumentOpen" && message.epoch === "");
    channel.restore();
    await vi.waitFor(() => expect(replaced.successor).toBe(moving));
    go();
    await vi.waitFor(() => expect(moving.snapshot()).toMatchObject({ phase: "open", unconfirmed: 0 }));
    await vi.waitFor(() => expect(documents.snapshot()).toEqual([moving]));
    expect(replaced.room).toBe(0);
    expect(channel.sent.filter(({ type }) => type === "DocumentClose")).toEqual([]);
  });

  it("has the page's seat in its room again when what had its place has taken that", async () => {
    channel.path = "b.txt";
    const moving = await opened("b.txt");
    channel.path = "a.txt";
    const go = holding(({ type }) => type === "DocumentOpen");
    const replaced = documents.open("a.txt");
    await vi.waitFor(() => expect(channel.sent.at(-1)).toMatchObject({ client: replaced.doc.clientID }));
    channel.say({ type: "DocumentMoved", document: 7, path: "a.txt" });
    go();
    await vi.waitFor(() => expect(channel.sent.at(-1)).toMatchObject({ type: "DocumentOpen", client: moving.doc.clientID }));
    await vi.waitFor(() => expect(moving.room).toBe(7));
  });
});
