import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as Y from "yjs";
import { RequestError, type Channel, type ChannelState } from "../wire/channel";
import type { ClientMessage, ServerMessage, Welcome } from "../wire/generated";
import type { SharedDocument } from "./document";
import { Documents } from "./documents";
import { OfflineStore } from "./offline";
import { proof } from "./proof";

type Of<T extends ServerMessage["type"]> = Extract<ServerMessage, { type: T }>;

/** A channel whose other side the test plays: a room with a document of its own. */
class ScriptedChannel {
  state: ChannelState = "open";
  welcome = { connection: 1, people: [{ connection: 1, user: "ada" }] } as unknown as Welcome;
  sent: ClientMessage[] = [];
  acknowledging = true;
  epoch = "first";
  path = "a.txt";
  server = new Y.Doc();
  failure: RequestError | null = null;
  problem = "";
  private handlers = new Map<string, Set<(message: ServerMessage) => void>>();
  private open = new Set<(welcome: Welcome) => void>();
  private states = new Set<(state: ChannelState) => void>();

  as(): Channel {
    return this as unknown as Channel;
  }

  writable = true;

  may(): boolean {
    return this.writable;
  }

  send(message: ClientMessage): boolean {
    if (this.state !== "open") return false;
    this.sent.push(message);
    if (message.type === "DocumentEdit") {
      Y.applyUpdate(this.server, message.update);
      if (this.acknowledging) this.say({ type: "DocumentAck", document: 7, sequence: message.sequence });
    }
    return true;
  }

  async request(message: ClientMessage): Promise<ServerMessage> {
    if (this.state !== "open") throw new RequestError("unavailable", "Not connected.");
    if (this.failure) throw this.failure;
    this.sent.push(message);
    if (message.type === "DocumentRebase") {
      this.server.getText("text").insert(0, "[rebased]");
      return { type: "DocumentRebased", request: 1, version: 3, name: "Ada's text", problem: this.problem };
    }
    if (message.type !== "DocumentOpen") return { type: "Done", request: 1 };
    const same = message.epoch === this.epoch;
    return {
      type: "DocumentOpened",
      request: 1,
      document: 7,
      path: this.path,
      epoch: this.epoch,
      update: Y.encodeStateAsUpdate(this.server, same ? message.state_vector : undefined),
      state_vector: Y.encodeStateVector(this.server),
      writable: true,
      reason: "",
      format: "UTF-8, LF",
    };
  }

  on(type: string, handler: (message: never) => void): () => void {
    const set = this.handlers.get(type) ?? new Set();
    this.handlers.set(type, set.add(handler as (message: ServerMessage) => void));
    return () => set.delete(handler as (message: ServerMessage) => void);
  }

  onOpen(handler: (welcome: Welcome) => void): () => void {
    this.open.add(handler);
    handler(this.welcome);
    return () => this.open.delete(handler);
  }

  onState(handler: (state: ChannelState) => void): () => void {
    this.states.add(handler);
    return () => this.states.delete(handler);
  }

  say<T extends ServerMessage["type"]>(message: Of<T>): void {
    for (const handler of this.handlers.get(message.type) ?? []) handler(message);
  }

  drop(): void {
    this.state = "waiting";
    for (const handler of this.states) handler("waiting");
  }

  restore(): void {
    this.state = "open";
    for (const handler of this.states) handler("open");
    for (const handler of this.open) handler(this.welcome);
  }

  edits(): Extract<ClientMessage, { type: "DocumentEdit" }>[] {
    return this.sent.filter((message) => message.type === "DocumentEdit");
  }
}

let channel: ScriptedChannel;
let documents: Documents;
let stores = 0;

function store(name = `test-${stores}`): OfflineStore {
  return new OfflineStore(() => "ada/w", name);
}

async function opened(path = "a.txt"): Promise<SharedDocument> {
  const document = documents.open(path);
  await vi.waitFor(() => expect(document.snapshot().phase).toBe("open"));
  return document;
}

/** The server refuses a rebase, the first or a later one, for a reason. What was asked of it so far. */
function failing(reason: RequestError, which: number): () => Extract<ClientMessage, { type: "DocumentRebase" }>[] {
  const rebases: Extract<ClientMessage, { type: "DocumentRebase" }>[] = [];
  const request = channel.request.bind(channel);
  channel.request = async (message) => {
    if (message.type === "DocumentRebase" && rebases.push(message) === which) throw reason;
    return request(message);
  };
  return () => rebases;
}

/** The server's answers to some requests are on their way until this is called. */
function holding(which: (message: ClientMessage) => boolean): () => void {
  let go: () => void = () => undefined;
  const gone = new Promise<void>((resolve) => (go = resolve));
  const request = channel.request.bind(channel);
  channel.request = async (message) => {
    const answer = await request(message);
    if (which(message)) await gone;
    return answer;
  };
  return go;
}

function serverText(): string {
  return channel.server.getText("text").toString();
}

/** Text that cannot be packed. */
function noise(length: number): string {
  const drawn = () => String.fromCharCode(...crypto.getRandomValues(new Uint8Array(1 << 14)).map((byte) => 32 + (byte % 95)));
  return Array.from({ length: length >> 14 }, drawn).join("");
}

beforeEach(() => {
  stores += 1;
  channel = new ScriptedChannel();
  channel.server.getText("text").insert(0, "hello");
  documents = new Documents(channel.as(), "w", store());
});

afterEach(() => documents.stop());

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
    await vi.waitFor(() => expect(document.snapshot().problem).toContain("too large to be sent. It stays on this page"), 10_000);
    expect(document.snapshot()).toMatchObject({ phase: "offline", unconfirmed: 1 });
    expect(document.text.toString() === typed + long).toBe(true);
    expect(channel.edits()).toHaveLength(0);
    expect(channel.sent.filter(({ type }) => type === "DocumentRebase")).toHaveLength(0);
    // Nor does a page that goes away lose it.
    const kept = store();
    await vi.waitFor(async () => expect((await kept.get("a.txt"))?.edits).toBe(1), 10_000);
    const doc = new Y.Doc();
    const found = await kept.get("a.txt");
    if (found) for (const update of [found.confirmed, found.pending]) Y.applyUpdate(doc, update);
    expect(doc.getText("text").toString() === typed + long).toBe(true);
  }, 30_000);

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

  it("says when saving fails and when the file is gone", async () => {
    const document = await opened();
    channel.say({ type: "DocumentSaved", document: 7, saved: false, problem: "The disk is full." });
    expect(document.snapshot()).toMatchObject({ saved: false, problem: "The disk is full." });
    channel.say({ type: "DocumentSaved", document: 7, saved: true, problem: "" });
    channel.say({ type: "DocumentGone", document: 7, gone: true });
    expect(document.snapshot()).toMatchObject({ problem: "", gone: true });
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
});

describe("the proof that everyone has the same text", () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => vi.useRealTimers());

  async function checked(): Promise<Extract<ClientMessage, { type: "DocumentCheck" }> | undefined> {
    await vi.advanceTimersByTimeAsync(4_000);
    return channel.sent.filter((message) => message.type === "DocumentCheck").at(-1);
  }

  it("is exchanged when typing has stopped", async () => {
    const document = documents.open("a.txt");
    await vi.waitFor(() => expect(document.snapshot().phase).toBe("open"));
    document.text.insert(5, " wörld 😀");
    expect(await checked()).toMatchObject(proof("hello wörld 😀"));
    channel.say({ type: "DocumentChecked", document: 7, comparable: true, same: true });
    expect(document.snapshot().proven).toBe(true);
    document.text.insert(0, "x");
    expect(document.snapshot().proven).toBe(false);
  });

  it("heals a page that differs twice in a row, and says so", async () => {
    const document = documents.open("a.txt");
    await vi.waitFor(() => expect(document.snapshot().phase).toBe("open"));
    const notices: string[] = [];
    document.onNotice(({ sentence }) => notices.push(sentence));
    for (let time = 0; time < 2; time++) {
      expect(await checked()).toBeDefined();
      channel.say({ type: "DocumentChecked", document: 7, comparable: true, same: false });
    }
    await vi.waitFor(() => expect(document.snapshot().generation).toBe(1));
    expect(notices.at(-1)).toContain("shows the shared text again");
  });
});

describe("what is kept in the browser", () => {
  it("is found although the document was opened before it was known whose page this is", async () => {
    const before = await opened();
    channel.drop();
    before.text.insert(5, " kept");
    const name = `test-${stores}`;
    const kept = store();
    await vi.waitFor(async () => expect((await kept.get("a.txt"))?.edits).toBe(1));
    let owner: string | null = null;
    const next = new Documents(channel.as(), "w", new OfflineStore(() => owner, name));
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

it("computes the checksum that zlib computes", () => {
  expect(proof("123456789")).toEqual({ size: 9, checksum: 0xcbf43926 });
  expect(proof("é😀")).toEqual({ size: 6, checksum: 0x7f805a06 });
});

it("keeps what was typed a moment before the page went away", async () => {
  const document = await opened();
  channel.drop();
  document.text.insert(5, " last words");
  dispatchEvent(new Event("pagehide"));
  const kept = store();
  await vi.waitFor(async () => expect((await kept.get("a.txt"))?.edits).toBe(1), { timeout: 200 });
});

it("gets what it missed although nothing says so, and tells the person", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const document = documents.open("a.txt");
  await vi.waitFor(() => expect(document.snapshot().phase).toBe("open"));
  const notices: string[] = [];
  document.onNotice(({ sentence }) => notices.push(sentence));
  channel.server.getText("text").insert(0, "missed ");
  for (let time = 0; time < 2; time++) {
    expect(document.text.toString()).toBe("hello");
    await vi.advanceTimersByTimeAsync(4_000);
    channel.say({ type: "DocumentChecked", document: 7, comparable: false, same: false });
  }
  await vi.waitFor(() => expect(document.text.toString()).toBe("missed hello"));
  expect(notices.join()).toContain("had missed something");
  vi.useRealTimers();
});
