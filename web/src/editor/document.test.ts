import { describe, expect, it, vi } from "vitest";
import * as Y from "yjs";
import { channel, documents, holding, opened, serverText, store } from "../test/documents";
import { RequestError } from "../wire/channel";

describe("a document", () => {
  it("opens with the server's text and says who it writes as", async () => {
    const document = await opened();
    expect(document.text.toString()).toBe("hello");
    expect(channel.sent[0]).toMatchObject({ type: "DocumentOpen", path: "a.txt", client: document.doc.clientID });
  });

  it("sends edits, counted from 1, and knows when they are confirmed", async () => {
    channel.acknowledging = false;
    const document = await opened();
    document.text.insert(5, " you");
    document.text.insert(9, "!");
    expect(channel.edits().map(({ sequence }) => sequence)).toEqual([1, 2]);
    expect(document.snapshot().unconfirmed).toBe(2);
    channel.say({ type: "DocumentAck", document: 7, sequence: 1 });
    expect(document.snapshot().unconfirmed).toBe(1);
    channel.say({ type: "DocumentAck", document: 7, sequence: 2 });
    expect(document.snapshot().unconfirmed).toBe(0);
    expect(serverText()).toBe("hello you!");
  });

  it("takes in others' edits and does not send them back", async () => {
    const document = await opened();
    const before = Y.encodeStateVector(channel.server);
    channel.server.getText("text").insert(0, "> ");
    channel.say({ type: "DocumentUpdate", document: 7, update: Y.encodeStateAsUpdate(channel.server, before) });
    expect(document.text.toString()).toBe("> hello");
    expect(channel.edits()).toHaveLength(0);
  });

  it("undoes this person's typing alone", async () => {
    const document = await opened();
    const mine = {};
    document.undo.addTrackedOrigin(mine);
    document.doc.transact(() => document.text.insert(5, " mine"), mine);
    const before = Y.encodeStateVector(channel.server);
    channel.server.getText("text").insert(0, "theirs ");
    channel.say({ type: "DocumentUpdate", document: 7, update: Y.encodeStateAsUpdate(channel.server, before) });
    document.undo.undo();
    expect(document.text.toString()).toBe("theirs hello");
  });

  it("says when saving fails and when the file is gone", async () => {
    const document = await opened();
    channel.say({ type: "DocumentSaved", document: 7, saved: false, problem: "The disk is full." });
    expect(document.snapshot()).toMatchObject({ saved: false, problem: "The disk is full." });
    channel.say({ type: "DocumentSaved", document: 7, saved: true, problem: "" });
    channel.say({ type: "DocumentGone", document: 7, gone: true });
    expect(document.snapshot()).toMatchObject({ problem: "", gone: true });
  });

  it("does not take what was saved before for what was typed since", async () => {
    const document = await opened();
    channel.acknowledging = false;
    document.text.insert(0, "mine ");
    channel.say({ type: "DocumentSaved", document: 7, saved: true, problem: "" });
    expect(document.snapshot().unconfirmed).toBe(1);
    channel.say({ type: "DocumentAck", document: 7, sequence: 1 });
    expect(document.snapshot()).toMatchObject({ unconfirmed: 0, saved: false });
    channel.say({ type: "DocumentSaved", document: 7, saved: true, problem: "" });
    expect(document.snapshot().saved).toBe(true);
  });

  it("says why it could not be opened, and opens when asked again", async () => {
    channel.failure = new RequestError("binary", "This is not a text file.");
    const document = documents.open("a.png");
    await vi.waitFor(() => expect(document.snapshot().phase).toBe("failed"));
    expect(document.snapshot().failure?.sentence).toBe("This is not a text file.");
    channel.failure = null;
    await document.open();
    expect(document.snapshot().phase).toBe("open");
  });

  it("asks again by itself, ever more seldom, when it was refused for a while only, and says so", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      let asked = 0;
      const request = channel.request.bind(channel);
      channel.request = (message) => {
        if (message.type === "DocumentOpen") asked += 1;
        return request(message);
      };
      channel.failure = new RequestError("unavailable", "Too many files are open.");
      const document = documents.open("a.txt");
      await vi.waitFor(() => expect(document.snapshot().phase).toBe("failed"));
      expect(document.snapshot().failure?.sentence).toBe("Too many files are open. This page tries again by itself.");
      await vi.advanceTimersByTimeAsync(60_000);
      expect(asked).toBeGreaterThan(4);
      expect(asked).toBeLessThan(10);
      channel.failure = null;
      await vi.advanceTimersByTimeAsync(40_000);
      expect(document.snapshot()).toMatchObject({ phase: "open", failure: null });
      expect(document.text.toString()).toBe("hello");
    } finally {
      vi.useRealTimers();
    }
  });

  it("stays in its room when it was closed and opened again before the server had answered", async () => {
    const go = holding(({ type }) => type === "DocumentOpen");
    const first = documents.open("a.txt");
    await vi.waitFor(() => expect(channel.sent).toHaveLength(1));
    documents.release(first);
    const again = documents.open("a.txt");
    go();
    await vi.waitFor(() => expect(again.snapshot().phase).toBe("open"));
    expect(channel.sent.filter(({ type }) => type === "DocumentClose")).toEqual([]);
    documents.release(again);
    expect(channel.sent.at(-1)).toMatchObject({ type: "DocumentClose" });
  });
});

describe("a document whose connection was lost", () => {
  it("goes on offline and sends what was typed once, when the connection is back", async () => {
    const document = await opened();
    channel.drop();
    document.text.insert(5, " offline");
    expect(document.snapshot()).toMatchObject({ phase: "offline", unconfirmed: 1 });
    channel.server.getText("text").insert(0, "meanwhile ");
    channel.restore();
    await vi.waitFor(() => expect(document.snapshot().phase).toBe("open"));
    expect(document.text.toString()).toBe("meanwhile hello offline");
    expect(serverText()).toBe("meanwhile hello offline");
    expect(document.snapshot().unconfirmed).toBe(0);
    expect(channel.edits()).toHaveLength(1);
  });

  it("sends again what was on its way when the connection was lost, which changes nothing", async () => {
    channel.acknowledging = false;
    const document = await opened();
    document.text.insert(0, "once ");
    channel.drop();
    channel.acknowledging = true;
    channel.restore();
    await vi.waitFor(() => expect(document.snapshot().unconfirmed).toBe(0));
    expect(serverText()).toBe("once hello");
    expect(document.text.toString()).toBe("once hello");
  });

  it("gives a server that lost what it had all of it back", async () => {
    const document = await opened();
    document.text.insert(5, " there");
    channel.drop();
    const older = new Y.Doc();
    Y.applyUpdate(older, Y.encodeStateAsUpdate(new Y.Doc()));
    channel.server = older;
    channel.restore();
    await vi.waitFor(() => expect(serverText()).toBe("hello there"));
    expect(document.text.toString()).toBe("hello there");
  });

  it("gives back all that others wrote, also when a part of it is on its way already", async () => {
    const document = await opened();
    const logged = Y.encodeStateAsUpdate(channel.server);
    const other = new Y.Doc();
    Y.applyUpdate(other, logged);
    const passedOn = (word: string) => {
      const before = Y.encodeStateVector(other);
      other.getText("text").insert(0, word);
      channel.say({ type: "DocumentUpdate", document: 7, update: Y.encodeStateAsUpdate(other, before) });
    };
    const killed = async () => {
      channel.drop();
      channel.server = new Y.Doc();
      Y.applyUpdate(channel.server, logged);
      channel.restore();
      await vi.waitFor(() => expect(document.snapshot().phase).toBe("open"));
    };
    // A full disk: edits are passed on, and neither logged nor acknowledged.
    channel.acknowledging = false;
    passedOn("one ");
    await killed();
    passedOn("two ");
    document.text.delete(0, 3);
    await killed();
    expect(document.text.toString()).toBe(" one hello");
    expect(serverText()).toBe(" one hello");
  });

  it("gives back a deletion that the server lost, which no clock shows", async () => {
    const document = await opened();
    const logged = Y.encodeStateAsUpdate(channel.server);
    document.text.delete(0, 1);
    await vi.waitFor(() => expect(document.snapshot().unconfirmed).toBe(0));
    channel.drop();
    channel.server = new Y.Doc();
    Y.applyUpdate(channel.server, logged);
    channel.restore();
    await vi.waitFor(() => expect(serverText()).toBe("ello"));
    channel.drop();
    channel.restore();
    await vi.waitFor(() => expect(document.snapshot().phase).toBe("open"));
    expect(channel.edits()).toHaveLength(2);
  });

  it("sends no gap, where the server has the middle of what is not confirmed here", async () => {
    const page = new Y.Doc();
    const states: Uint8Array[] = [];
    const typed: Uint8Array[] = [];
    Y.applyUpdate(page, Y.encodeStateAsUpdate(channel.server));
    page.on("update", (update: Uint8Array) => typed.push(update));
    for (const word of [" one", " two", " three"]) {
      states.push(Y.encodeStateAsUpdate(page));
      page.getText("text").insert(page.getText("text").length, word);
    }
    const [one, two, three] = typed as [Uint8Array, Uint8Array, Uint8Array];
    const [confirmed, , middle] = states as [Uint8Array, Uint8Array, Uint8Array];
    // Two pages kept what they had not heard to be confirmed; the server has all but the end.
    await store().put("a.txt", { epoch: channel.epoch, confirmed, pending: one, edits: 1 });
    await store().put("a.txt", { epoch: channel.epoch, confirmed: middle, pending: three, edits: 1 });
    for (const update of [one, two]) Y.applyUpdate(channel.server, update);
    const document = await opened();
    expect(serverText()).toBe("hello one two three");
    expect(document.snapshot().unconfirmed).toBe(0);
    const structs = channel.edits().flatMap(({ update }) => Y.decodeUpdate(update).structs);
    expect(structs.map((struct) => [struct.id.clock, struct.length])).toEqual([[8, 6]]);
  });

  it("joins again by itself when that was refused after the connection came back", async () => {
    const document = await opened();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      channel.drop();
      document.text.insert(5, " offline");
      channel.failure = new RequestError("unavailable", "Too many files are open.");
      channel.restore();
      await vi.waitFor(() => expect(document.snapshot().problem).toContain("tries again by itself"));
      expect(document.snapshot()).toMatchObject({ phase: "offline", unconfirmed: 1 });
      channel.failure = null;
      await vi.advanceTimersByTimeAsync(2_000);
      await vi.waitFor(() => expect(document.snapshot()).toMatchObject({ phase: "open", unconfirmed: 0, problem: "" }));
      expect(serverText()).toBe("hello offline");
    } finally {
      vi.useRealTimers();
    }
  });

  it("joins again when the connection came back while it was joining", async () => {
    const document = await opened();
    channel.drop();
    const request = channel.request.bind(channel);
    let fail: (error: RequestError) => void = () => undefined;
    channel.request = () => new Promise((_, reject) => (fail = reject));
    channel.restore();
    await vi.waitFor(() => expect(document.snapshot().phase).toBe("offline"));
    channel.drop();
    channel.request = request;
    channel.restore();
    fail(new RequestError("unavailable", "The connection was lost before the answer came."));
    await vi.waitFor(() => expect(document.snapshot().phase).toBe("open"));
  });
});
