// Browser tabs without a browser: the web app's own documents, channel, codec and offline store, with network, clock and
// IndexedDB in the hands of a test. Reads one JSON command a line, answers each with one line once nothing moves any more:
// what was sent, and what every tab shows. Tabs of one person share what their browser keeps.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { deflateSync } from "node:zlib";
import { fileURLToPath } from "node:url";

const web = fileURLToPath(new URL("../../web/", import.meta.url));
const require = createRequire(`${web}package.json`);

// The event loop: idle once no task of ours is waiting for its turn.
const turn = globalThis.setImmediate;
let tasks = 0;
globalThis.setImmediate = (task, ...given) => {
  tasks++;
  return turn(() => {
    tasks--;
    task(...given);
  });
};
async function settle() {
  for (let quiet = 0; quiet < 2; quiet = tasks ? 0 : quiet + 1) await new Promise((done) => turn(done));
}

// The server that compiles TypeScript needs a clock that goes: it is replaced after that.
const { createServer } = require("vite");
const compiler = await createServer({
  root: web,
  configFile: false,
  appType: "custom",
  logLevel: "error",
  server: { middlewareMode: true, ws: false, watch: null },
  optimizeDeps: { noDiscovery: true },
});

// Chance, the same again for the same seed (mulberry32).
let seed = 0;
function chance() {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return (t ^ (t >>> 14)) >>> 0;
}
Math.random = () => chance() / 2 ** 32;
crypto.getRandomValues = (array) => array.map((_, index) => (array[index] = chance()));

// Deflating takes a thread's time otherwise, of which nobody can say when it ends.
globalThis.CompressionStream = class {
  constructor() {
    const parts = [];
    const { readable, writable } = new TransformStream({
      transform: (part) => void parts.push(part),
      flush: (controller) => controller.enqueue(new Uint8Array(deflateSync(Buffer.concat(parts)))),
    });
    Object.assign(this, { readable, writable });
  }
};

let current = null;
const sent = [];
class Socket {
  static OPEN = 1;
  readyState = 0;
  tab = current;
  constructor() {
    this.tab.socket = this;
  }
  send(data) {
    sent.push([this.tab.name, Buffer.from(data).toString("base64")]);
  }
  close() {
    this.readyState = 3;
  }
}
globalThis.WebSocket = Socket;
globalThis.addEventListener = (type, listener) => current.listeners.push([type, listener]);
globalThis.removeEventListener = (type, listener) => {
  current.listeners = current.listeners.filter(([of, one]) => of !== type || one !== listener);
};
const stored = new Map();
globalThis.localStorage = {
  getItem: (name) => stored.get(name) ?? null,
  setItem: (name, value) => void stored.set(name, value),
  removeItem: (name) => void stored.delete(name),
  key: (index) => [...stored.keys()][index] ?? null,
  get length() {
    return stored.size;
  },
};
await import(require.resolve("fake-indexeddb/auto").replace(/index\.js$/, "index.mjs"));
const { Channel } = await compiler.ssrLoadModule("/src/wire/channel.ts");
const { Documents } = await compiler.ssrLoadModule("/src/editor/documents.ts");

// The clock: timers run when the test lets time pass.
let now = 0;
let timers = [];
function timer(every) {
  return (task, after = 0, ...given) => {
    const one = { due: now + after, task: () => task(...given), every: every ? after : 0, tab: current };
    timers.push(one);
    return one;
  };
}
globalThis.setTimeout = timer(false);
globalThis.setInterval = timer(true);
globalThis.clearTimeout = globalThis.clearInterval = (one) => (timers = timers.filter((other) => other !== one));
Date.now = () => now++;

async function elapse(milliseconds) {
  const until = now + milliseconds;
  for (;;) {
    const next = timers.reduce((first, one) => (one.due <= until && (!first || one.due < first.due) ? one : first), null);
    if (!next) break;
    now = Math.max(now, next.due);
    if (next.every) next.due += next.every;
    else clearTimeout(next);
    current = next.tab;
    next.task();
    await settle();
  }
  now = Math.max(now, until);
}

/** One page. `show` is by a name of the test's, because paths change. */
class Tab {
  shown = new Map();
  notices = [];
  listeners = [];
  constructor(name) {
    this.name = name;
    this.begin();
  }
  begin() {
    current = this;
    this.channel = new Channel("ws://test");
    this.documents = new Documents(this.channel, "w");
  }
  show(name, path) {
    const old = this.shown.get(name);
    // The person asks again for what could not be opened.
    if (old?.snapshot().path === path) return void old.open();
    const document = this.documents.open(path);
    document.onNotice(({ sentence }) => this.notices.push(sentence));
    this.shown.set(name, document);
    if (old) this.documents.release(old);
  }
  /**
   * What a browser does: the page hears that it is hidden, and is gone with its timers and its connection. What it gives
   * IndexedDB in that moment is written or not.
   */
  async reload(written) {
    const paths = [...this.shown].map(([name, document]) => [name, document.snapshot().path]);
    const transaction = IDBDatabase.prototype.transaction;
    if (!written) {
      IDBDatabase.prototype.transaction = () => {
        throw new DOMException("The page is gone.", "InvalidStateError");
      };
    }
    for (const [type, listener] of this.listeners) if (type === "pagehide") listener(new Event(type));
    await settle();
    IDBDatabase.prototype.transaction = transaction;
    this.listeners = [];
    timers = timers.filter((one) => one.tab !== this);
    this.socket.readyState = 3;
    this.channel.send = () => false;
    this.shown.clear();
    this.begin();
    for (const [name, path] of paths) this.show(name, path);
  }
  facts() {
    // The file of another document that is open may have taken its place.
    for (const [name, document] of this.shown) if (document.successor) this.shown.set(name, document.successor);
    const documents = Object.fromEntries([...this.shown].map(([name, one]) => [name, { ...one.snapshot(), text: one.text.toString(), joined: one.room > 0 }]));
    const waiting = this.documents.snapshot().some((one) => one.snapshot().unconfirmed > 0);
    return { documents, waiting, state: this.channel.state, notices: this.notices };
  }
}

const tabs = new Map();
const commands = {
  begin({ chance, names }) {
    seed = chance;
    now = 1;
    timers = [];
    globalThis.indexedDB = new IDBFactory();
    stored.clear();
    tabs.clear();
    sent.length = 0;
    for (const name of names) tabs.set(name, new Tab(name));
  },
  show: ({ tab, name, path }) => tab.show(name, path),
  /** A connection is made; the first message says so. */
  accept({ tab, welcome }) {
    if (tab.channel.state === "waiting") tab.channel.now();
    tab.socket.readyState = 1;
    tab.socket.onmessage({ data: bytes(welcome) });
  },
  async receive({ tab, messages }) {
    for (const message of messages) {
      // Each is a task of its own, after which promises go on.
      await new Promise((done) => turn(done));
      tab.socket.onmessage({ data: bytes(message) });
    }
  },
  drop({ tab, code }) {
    tab.socket.readyState = 3;
    tab.socket.onclose({ code });
  },
  reload: ({ tab, written }) => tab.reload(written),
  edit({ tab, name, at, remove, insert }) {
    const { doc, text, undo } = tab.shown.get(name);
    undo.addTrackedOrigin(tab);
    doc.transact(() => {
      if (remove) text.delete(at, remove);
      if (insert) text.insert(at, insert);
    }, tab);
    undo.stopCapturing();
  },
  undo: ({ tab, name }) => void tab.shown.get(name).undo.undo(),
  writeAgain: ({ tab, name }) => void tab.shown.get(name).writeAgain().catch(() => undefined),
  /** Something that no code does: the text is another one, and nobody hears of it. */
  mutilate({ tab, name, at, remove }) {
    const document = tab.shown.get(name);
    document.doc.off("update", document.onUpdate);
    document.text.delete(at, remove);
    document.doc.on("update", document.onUpdate);
  },
  elapse: ({ milliseconds }) => elapse(milliseconds),
};

function bytes(base64) {
  const data = Buffer.from(base64, "base64");
  return data.buffer.slice(data.byteOffset, data.byteOffset + data.length);
}

process.stdout.write("ready\n");
for await (const line of createInterface({ input: process.stdin })) {
  const { what, tab, ...given } = JSON.parse(line);
  current = tabs.get(tab);
  await commands[what]({ ...given, tab: current });
  await settle();
  const shown = Object.fromEntries([...tabs].map(([name, one]) => [name, one.facts()]));
  process.stdout.write(`${JSON.stringify({ sent: sent.splice(0), tabs: shown })}\n`);
}
await compiler.close();
