import { expect, test, vi } from "vitest";
import type { Channel } from "../wire/channel";
import { TERMINAL_ACKNOWLEDGE_EVERY, TERMINAL_LONGEST_INPUT, type ClientMessage, type ServerMessage } from "../wire/generated";
import { endSentence } from "./ending";
import { Terminals, type Screen } from "./terminals";

function fake() {
  const handlers = new Map<string, (message: ServerMessage) => void>();
  let open: (welcome: { server: string }) => void = () => {};
  const sent: ClientMessage[] = [];
  const channel = {
    state: "open",
    onOpen: (handler: typeof open) => ((open = handler), () => {}),
    on: (type: string, handler: (message: ServerMessage) => void) => (handlers.set(type, handler), () => {}),
    send: (message: ClientMessage) => (sent.push(message), true),
    request: (message: ClientMessage) => (sent.push(message), Promise.resolve({ type: "TerminalAttached", request: 1, live: 10 })),
  } as unknown as Channel;
  const terminals = new Terminals(channel);
  open({ server: "one" });
  const tell = (message: ServerMessage) => handlers.get(message.type)?.(message);
  const output = (sequence: number, size: number, more = {}) =>
    tell({ type: "TerminalOutput", terminal: 1, sequence, data: new Uint8Array(size), skipped: 0, reset: false, preamble: new Uint8Array(), ...more });
  return { terminals, sent, tell, output, reconnect: (server: string) => open({ server }) };
}

function screen() {
  const shown: [number, boolean][] = [];
  const it: Screen = {
    reset: vi.fn(),
    skip: vi.fn(),
    describe: (given) => given("drawn"),
    write: (data, live, done) => {
      shown.push([data.length, live]);
      done();
    },
  };
  return { it, shown };
}

test("it resumes where it was, and from the beginning after the server was started again", async () => {
  const { terminals, sent, output, reconnect } = fake();
  terminals.attach(1, screen().it);
  output(0, 30, { reset: true });
  reconnect("one");
  reconnect("two");
  expect(sent.filter(({ type }) => type === "TerminalAttach").map((message) => ("sequence" in message ? message.sequence : -1))).toEqual([0, 30, 0]);
});

test("what was shown is acknowledged, not after every byte", () => {
  const { terminals, sent, output } = fake();
  terminals.attach(1, screen().it);
  output(0, 100, { reset: true });
  expect(sent.some(({ type }) => type === "TerminalAck")).toBe(false);
  output(100, TERMINAL_ACKNOWLEDGE_EVERY);
  expect(sent.at(-1)).toEqual({ type: "TerminalAck", terminal: 1, sequence: 100 + TERMINAL_ACKNOWLEDGE_EVERY });
});

test("replayed output is told from live output", async () => {
  const { terminals, output } = fake();
  const { it, shown } = screen();
  terminals.attach(1, it);
  await Promise.resolve();
  output(0, 10, { reset: true });
  output(10, 5);
  expect(shown).toEqual([
    [10, false],
    [5, true],
  ]);
});

test("what was left out is told, and its bytes are not owed", () => {
  const { terminals, sent, output } = fake();
  const { it } = screen();
  terminals.attach(1, it);
  output(0, 10, { reset: true });
  output(1_000_010, 20, { skipped: 1_000_000 });
  expect(it.skip).toHaveBeenCalledWith(1_000_000, expect.anything());
  expect(sent.some(({ type }) => type === "TerminalAck")).toBe(false);
});

test("a long paste travels in pieces, and a screen is described when it is wanted", () => {
  const { terminals, sent, tell, output } = fake();
  terminals.type(1, new Uint8Array(2 * TERMINAL_LONGEST_INPUT + 1));
  expect(sent.filter(({ type }) => type === "TerminalInput").map((message) => ("data" in message ? message.data.length : 0))).toEqual([
    TERMINAL_LONGEST_INPUT,
    TERMINAL_LONGEST_INPUT,
    1,
  ]);
  terminals.attach(1, screen().it);
  output(0, 7, { reset: true });
  tell({ type: "TerminalScreenWanted", terminal: 1 });
  expect(sent.at(-1)).toEqual({ type: "TerminalScreen", terminal: 1, sequence: 7, data: new TextEncoder().encode("drawn") });
});

test("whoever types is known for a moment, or until somebody else takes over", () => {
  vi.useFakeTimers();
  const { terminals, tell } = fake();
  const driven = (driver: number) =>
    tell({ type: "TerminalsChanged", terminals: [{ terminal: 1, name: "Terminal 1", columns: 80, rows: 24, driver, ended: false, exit_code: 0, owner: "", title: "", folder: "", stopped: [] }] });
  driven(9);
  tell({ type: "TerminalTyping", terminal: 1, connection: 9 });
  expect(terminals.typist(1)?.connection).toBe(9);
  driven(4);
  expect(terminals.typist(1)).toBeUndefined();
  driven(9);
  vi.advanceTimersByTime(3_000);
  expect(terminals.typist(1)).toBeUndefined();
  vi.useRealTimers();
});

test("an end is said in words", () => {
  expect(endSentence(1)).toBe("Ended · exit code 1");
  expect(endSentence(137)).toBe("Ended · exit code 137 (killed)");
  expect(endSentence(-1)).toBe("Ended · the workspace was stopped");
});
