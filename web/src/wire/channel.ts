/**
 * The one reconnecting WebSocket of a tab and workspace, which everything live is multiplexed over.
 *
 * Nothing is queued while it is down: whoever sends keeps what must not be lost and sends it again from `onOpen`, which
 * runs after each (re)connection with the server's Welcome.
 */
import { decode, encode } from "./codec";
import { CAPABILITY, CLOSING, type Capability, type ClientMessage, type ErrorCode, type ServerMessage, type Welcome } from "./generated";

export type ChannelState = "connecting" | "open" | "waiting" | "closed";
/** A message without its request number, which `request` fills in. */
export type Unnumbered<M> = M extends { request: number } ? Omit<M, "request"> : never;
type Requests = Extract<ClientMessage, { request: number }>;
type Answers = Extract<ServerMessage, { request: number }>;
type Handler<T extends ServerMessage["type"]> = (message: Extract<ServerMessage, { type: T }>) => void;

/** A request that the server refused, or that the connection did not survive (`code` "unavailable"). */
export class RequestError extends Error {
  constructor(readonly code: ErrorCode, readonly sentence: string) {
    super(sentence);
  }
}

const FIRST_DELAY = 250;
const LONGEST_DELAY = 5_000;
const PING_EVERY = 10_000;
/** Less than PING_EVERY: the next ping must not put off the verdict on this one. */
const PONG_WITHIN = 8_000;
/** The same when the browser says that there is no network: what needs none, like a hub on this machine, answers by then. */
const PONG_WITHIN_OFFLINE = 2_000;

export class Channel {
  state: ChannelState = "connecting";
  welcome: Welcome | null = null;
  /** Sentence about why the channel is not open; empty while it is. */
  reason = "";
  /** Close code of the last end, 0 when none. */
  code = 0;
  /** Last measured round trip in milliseconds. */
  latency: number | null = null;

  private socket: WebSocket | null = null;
  private handlers = new Map<string, Set<(message: ServerMessage) => void>>();
  private openHandlers = new Set<(welcome: Welcome) => void>();
  private stateHandlers = new Set<(state: ChannelState) => void>();
  private pending = new Map<number, { resolve: (message: Answers) => void; reject: (error: RequestError) => void }>();
  private nextRequest = 1;
  private attempts = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private pinger: ReturnType<typeof setInterval> | undefined;
  private pongDue: ReturnType<typeof setTimeout> | undefined;
  private pingSent = 0;

  constructor(private readonly url: string) {
    this.on("Pong", () => {
      clearTimeout(this.pongDue);
      this.latency = performance.now() - this.pingSent;
    });
    globalThis.addEventListener?.("online", this.now);
    globalThis.addEventListener?.("offline", this.doubt);
    this.connect();
  }

  may(capability: Capability): boolean {
    return this.welcome?.capabilities.includes(capability) ?? false;
  }

  /** Send if the channel is open and this person may; false when it was not sent. */
  send(message: ClientMessage): boolean {
    if (this.state !== "open" || this.socket?.readyState !== WebSocket.OPEN || !this.may(CAPABILITY[message.type])) return false;
    this.socket.send(encode(message));
    return true;
  }

  /** Send and wait for the answer. Rejects with RequestError. */
  request(message: Unnumbered<Requests>): Promise<Answers> {
    const request = this.nextRequest++;
    return new Promise((resolve, reject) => {
      this.pending.set(request, { resolve, reject });
      if (!this.send({ ...message, request } as ClientMessage)) {
        this.pending.delete(request);
        const allowed = this.state !== "open" || this.may(CAPABILITY[message.type as ClientMessage["type"]]);
        reject(
          allowed
            ? new RequestError("unavailable", "Not connected to the workspace. It was not done.")
            : new RequestError("forbidden", "You may only watch here."),
        );
      }
    });
  }

  on<T extends ServerMessage["type"]>(type: T, handler: Handler<T>): () => void {
    const set = this.handlers.get(type) ?? new Set();
    this.handlers.set(type, set);
    set.add(handler as (message: ServerMessage) => void);
    return () => set.delete(handler as (message: ServerMessage) => void);
  }

  /** Run now if open, and after every later (re)connection. */
  onOpen(handler: (welcome: Welcome) => void): () => void {
    this.openHandlers.add(handler);
    if (this.state === "open" && this.welcome) handler(this.welcome);
    return () => this.openHandlers.delete(handler);
  }

  onState(handler: (state: ChannelState) => void): () => void {
    this.stateHandlers.add(handler);
    return () => this.stateHandlers.delete(handler);
  }

  /** Try again at once instead of waiting; also after a final close, when the person asks to. */
  now = (): void => {
    if (this.state === "open" || this.state === "connecting") return;
    clearTimeout(this.retry);
    this.connect();
  };

  close(): void {
    globalThis.removeEventListener?.("online", this.now);
    globalThis.removeEventListener?.("offline", this.doubt);
    this.end("closed", "");
    const socket = this.socket;
    this.socket = null;
    socket?.close(1000);
  }

  private connect(): void {
    this.set("connecting");
    const socket = new WebSocket(this.url);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.onmessage = (event) => {
      if (this.socket === socket) this.receive(event.data as ArrayBuffer);
    };
    socket.onclose = (event) => {
      if (this.socket === socket) this.lost(event.code);
    };
  }

  private receive(data: ArrayBuffer): void {
    const message = decode(data);
    if (!message) return;
    if (message.type === "Welcome") {
      this.welcome = message;
      this.attempts = 0;
      this.code = 0;
      this.reason = "";
      this.set("open");
      clearInterval(this.pinger);
      this.pinger = setInterval(() => this.ping(), PING_EVERY);
      for (const handler of [...this.openHandlers]) handler(message);
    } else if ("request" in message && message.request > 0) {
      const waiting = this.pending.get(message.request);
      this.pending.delete(message.request);
      if (message.type === "Failed") waiting?.reject(new RequestError(message.code, message.sentence));
      else waiting?.resolve(message);
    }
    for (const handler of [...(this.handlers.get(message.type) ?? [])]) handler(message);
  }

  private doubt = (): void => this.ping(PONG_WITHIN_OFFLINE);

  private ping(within = PONG_WITHIN): void {
    this.pingSent = performance.now();
    if (!this.send({ type: "Ping", number: Math.floor(this.pingSent) })) return;
    clearTimeout(this.pongDue);
    // A connection that is silently dead would otherwise look alive until the operating system gives up.
    this.pongDue = setTimeout(() => {
      const socket = this.socket;
      this.lost(0);
      socket?.close();
    }, within);
  }

  private lost(code: number): void {
    this.socket = null;
    this.code = code;
    const closing = CLOSING[code];
    if (closing?.final) return this.end("closed", closing.sentence);
    this.end("waiting", closing?.sentence ?? "Connection lost. Trying again…");
    const delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.attempts++);
    this.retry = setTimeout(() => this.connect(), delay * (0.75 + Math.random() / 2));
  }

  private end(state: ChannelState, reason: string): void {
    clearTimeout(this.retry);
    clearInterval(this.pinger);
    clearTimeout(this.pongDue);
    this.reason = reason;
    this.set(state);
    const waiting = [...this.pending.values()];
    this.pending.clear();
    for (const { reject } of waiting) reject(new RequestError("unavailable", "The connection was lost before the answer came."));
  }

  private set(state: ChannelState): void {
    this.state = state;
    for (const handler of [...this.stateHandlers]) handler(state);
  }
}
