import "fake-indexeddb/auto";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { encode } from "../wire/codec";
import type { Person, TerminalInfo } from "../wire/generated";
import { Session } from "./session";

let tell: (message: object) => void;
let answerLayout: (response: Response) => void;

beforeEach(() => {
  class Socket {
    onmessage?: (event: { data: ArrayBuffer }) => void;
    constructor() {
      tell = (message) => this.onmessage?.({ data: encode(message as never).slice().buffer });
    }
    send() {}
    close() {}
  }
  vi.stubGlobal("WebSocket", Socket);
  vi.stubGlobal("fetch", () => new Promise<Response>((resolve) => (answerLayout = resolve)));
});
afterEach(() => vi.unstubAllGlobals());

function person(connection: number, user: string): Person {
  return { connection, user, username: user, display_name: user, colour: 1, role: "member", here: true, opened: [], active: "" };
}

test("what the workspace tells while the layout is still asked for is heard", async () => {
  const left = new AbortController();
  const opening = Session.open("w", left.signal);
  tell({ type: "Welcome", connection: 1, capabilities: [], people: [person(1, "ada")], server: "s", name: "n", role: "owner" });
  tell({ type: "PeopleChanged", changed: [person(2, "ben")], gone: [] });
  tell({ type: "TerminalsChanged", terminals: [] as TerminalInfo[] });
  const group = { kind: "group", id: "g", tabs: ["terminal:7", "file:a.txt"], shown: "file:a.txt" };
  answerLayout(new Response(JSON.stringify({ version: 1, panes: { root: group, active: "g" } })));
  const session = await opening;
  expect([...(session?.people.snapshot().values() ?? [])].map(({ user }) => user)).toEqual(["ada", "ben"]);
  // A terminal that is no more has no tab.
  expect(session?.dock.snapshot().tabs).toEqual([{ kind: "editor", path: "a.txt" }]);
  left.abort();
});
