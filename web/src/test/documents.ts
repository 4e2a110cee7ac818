/** Documents of a page whose channel the test plays the other side of; each test begins with new ones. */
import "fake-indexeddb/auto";
import { afterEach, beforeEach, expect, vi } from "vitest";
import * as Y from "yjs";
import type { SharedDocument } from "../editor/document";
import { Documents } from "../editor/documents";
import { OfflineStore } from "../editor/offline";
import { RequestError, type Channel, type ChannelState } from "../wire/channel";
import type { ClientMessage, ServerMessage, Welcome } from "../wire/generated";

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
  writable = true;
  private handlers = new Map<string, Set<(message: ServerMessage) => void>>();
  private open = new Set<(welcome: Welcome) => void>();
  private states = new Set<(state: ChannelState) => void>();

  as(): Channel {
    return this as unknown as Channel;
  }

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

export let channel: ScriptedChannel;
export let documents: Documents;
let stores = 0;

/** What the browser keeps, as a page of somebody sees it. */
export function store(owner: () => string | null = () => "ada/w"): OfflineStore {
  return new OfflineStore(owner, `test-${stores}`);
}

export async function opened(path = "a.txt"): Promise<SharedDocument> {
  const document = documents.open(path);
  await vi.waitFor(() => expect(document.snapshot().phase).toBe("open"));
  return document;
}

/** The server refuses a rebase, the first or a later one, for a reason. What was asked of it so far. */
export function failing(reason: RequestError, which: number): () => Extract<ClientMessage, { type: "DocumentRebase" }>[] {
  const rebases: Extract<ClientMessage, { type: "DocumentRebase" }>[] = [];
  const request = channel.request.bind(channel);
  channel.request = async (message) => {
    if (message.type === "DocumentRebase" && rebases.push(message) === which) throw reason;
    return request(message);
  };
  return () => rebases;
}

/** The server's answers to some requests are on their way until this is called. */
export function holding(which: (message: ClientMessage) => boolean): () => void {
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

export function serverText(): string {
  return channel.server.getText("text").toString();
}

beforeEach(() => {
  stores += 1;
  channel = new ScriptedChannel();
  channel.server.getText("text").insert(0, "hello");
  documents = new Documents(channel.as(), "w", store());
});

afterEach(() => documents.stop());
