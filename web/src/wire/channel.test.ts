import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Channel } from "./channel";
import { encode } from "./codec";
import { CAPABILITY } from "./generated";

class Socket {
  static last: Socket;
  static readonly OPEN = 1;
  readyState = 1;
  bufferedAmount = 0;
  sent = 0;
  onmessage?: (event: { data: ArrayBuffer }) => void;
  constructor() {
    Socket.last = this;
  }
  send() {
    this.sent++;
  }
  close() {}
  receive(message: object) {
    this.onmessage?.({ data: encode(message as never).slice().buffer });
  }
}

function connected(): Channel {
  const channel = new Channel("ws://hub/w/1");
  Socket.last.receive({ type: "Welcome", connection: 1, capabilities: [CAPABILITY.Ping], people: [], server: "s", name: "n", role: "owner" });
  expect(channel.state).toBe("open");
  return channel;
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", Socket);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a connection that is silently dead is given up before the ping after the next", () => {
  const channel = connected();
  vi.advanceTimersByTime(19_000);
  expect(channel.state).not.toBe("open");
  channel.close();
});

test("a connection that answers lives on", () => {
  const channel = connected();
  for (let second = 0; second < 60; second++) {
    vi.advanceTimersByTime(1_000);
    Socket.last.receive({ type: "Pong", number: 0 });
  }
  expect(channel.state).toBe("open");
  channel.close();
});

test("when the browser says that there is no network, it is found out at once", () => {
  const channel = connected();
  dispatchEvent(new Event("offline"));
  vi.advanceTimersByTime(2_000);
  expect(channel.state).not.toBe("open");
  channel.close();
});
