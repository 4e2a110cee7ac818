import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { readLayout } from "./layout";
import { LayoutStore } from "./layoutStore";

let stored: string;
let answer: (() => void) | null;
let fails: boolean;

beforeEach(() => {
  sessionStorage.clear();
  stored = JSON.stringify({ ...readLayout(null), hidden: false });
  answer = null;
  fails = false;
  vi.stubGlobal("fetch", async (_: string, options: RequestInit = {}) => {
    if (options.method !== "PUT") return new Response(stored);
    await new Promise<void>((resolve) => (answer = resolve));
    if (fails) return new Response("", { status: 503 });
    stored = options.body as string;
    return new Response("");
  });
});

afterEach(() => vi.unstubAllGlobals());

async function answered(): Promise<void> {
  answer?.();
  await new Promise((resolve) => setTimeout(resolve));
}

it("finds what the page before it changed a moment ago, though that has not arrived", async () => {
  const before = await LayoutStore.load("w");
  before.change({ hidden: true });
  before.stop();
  const after = await LayoutStore.load("w");
  expect(after.current.hidden).toBe(true);
  after.stop();
});

it("keeps what is on its way until it has arrived, however often it is asked to write", async () => {
  const before = await LayoutStore.load("w");
  before.change({ hidden: true });
  before.flush();
  before.stop();
  const after = await LayoutStore.load("w");
  expect(after.current.hidden).toBe(true);
  after.stop();
});

it("takes the hub's once its own is written, which another browser may have changed since", async () => {
  const before = await LayoutStore.load("w");
  before.change({ hidden: true });
  before.stop();
  await answered();
  stored = JSON.stringify({ ...readLayout(null), hidden: false });
  const after = await LayoutStore.load("w");
  expect(after.current.hidden).toBe(false);
  after.stop();
});

it("writes what could not be written before", async () => {
  fails = true;
  const before = await LayoutStore.load("w");
  before.change({ hidden: true });
  before.stop();
  await answered();
  fails = false;
  const after = await LayoutStore.load("w");
  await answered();
  expect(JSON.parse(stored)).toMatchObject({ hidden: true });
  after.stop();
});
