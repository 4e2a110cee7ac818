import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as Y from "yjs";
import { OfflineStore, type Kept } from "./offline";

let stores = 0;

function pages(count: number): OfflineStore[] {
  stores += 1;
  return Array.from({ length: count }, () => new OfflineStore(() => "ada/w", `offline-${stores}`));
}

/** What a page keeps that typed `typed` on "hello". */
function kept(typed: string, epoch = "first"): Kept {
  const doc = new Y.Doc();
  doc.clientID = 1;
  doc.getText("text").insert(0, "hello");
  const confirmed = Y.encodeStateAsUpdate(doc);
  const own = new Y.Doc();
  Y.applyUpdate(own, confirmed);
  const before = Y.encodeStateVector(own);
  own.getText("text").insert(5, typed);
  return { epoch, confirmed, pending: Y.encodeStateAsUpdate(own, before), edits: 1 };
}

function text(found: Kept | null): string {
  const doc = new Y.Doc();
  if (found) for (const update of [found.confirmed, found.pending]) Y.applyUpdate(doc, update);
  return doc.getText("text").toString();
}

it("keeps what two pages of one person typed on one document", async () => {
  const [first, second, later] = pages(3);
  await first?.put("a.txt", kept(" one"));
  await second?.put("a.txt", kept(" two"));
  const found = (await later?.get("a.txt")) ?? null;
  expect(found?.edits).toBe(2);
  expect(text(found)).toContain(" one");
  expect(text(found)).toContain(" two");
  expect(text(found)).toHaveLength("hello one two".length);
});

it("forgets nothing of another page when its own edits are confirmed", async () => {
  const [first, second, later] = pages(3);
  await first?.put("a.txt", kept(" one"));
  await second?.put("a.txt", kept(" two"));
  await second?.delete("a.txt");
  expect(text((await later?.get("a.txt")) ?? null)).toBe("hello one");
});

it("forgets what it took in from another page once that is confirmed, unless the other typed on", async () => {
  const [first, second, later] = pages(3);
  await first?.put("a.txt", kept(" one"));
  await second?.get("a.txt");
  await second?.delete("a.txt");
  expect(await later?.get("a.txt")).toBeNull();
  await first?.put("a.txt", kept(" one"));
  await second?.get("a.txt");
  await first?.put("a.txt", kept(" one more"));
  await second?.delete("a.txt");
  expect(text((await later?.get("a.txt")) ?? null)).toBe("hello one more");
});

it("keeps edits of several epochs apart, one after the other", async () => {
  const [first, second, later] = pages(3);
  await first?.put("a.txt", kept(" old", "first"));
  vi.spyOn(Date, "now").mockReturnValueOnce(Date.now() + 1000);
  await second?.put("a.txt", kept(" new", "second"));
  expect(text((await later?.get("a.txt")) ?? null)).toBe("hello new");
  await later?.delete("a.txt");
  expect(text((await later?.get("a.txt")) ?? null)).toBe("hello old");
});

it("does not mix paths up", async () => {
  const [first, later] = pages(2);
  await first?.put("a", kept(" a"));
  await first?.put("a.txt", kept(" a.txt"));
  expect(text((await later?.get("a")) ?? null)).toBe("hello a");
  expect(await later?.paths()).toEqual(["a", "a.txt"]);
});

it("keeps what was typed in a database that was slow to open", async () => {
  const old = await new Promise<IDBDatabase>((resolve) => {
    const opening = indexedDB.open("slow", 1);
    opening.onsuccess = () => resolve(opening.result);
  });
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  const page = new OfflineStore(() => "ada/w", "slow");
  await vi.advanceTimersByTimeAsync(5_000);
  vi.useRealTimers();
  expect(await page.get("a.txt")).toBeNull();
  old.close();
  await vi.waitFor(async () => {
    await page.put("a.txt", kept(" late"));
    expect(text(await page.get("a.txt"))).toBe("hello late");
  });
});

describe("a page that goes away", () => {
  const transaction = IDBDatabase.prototype.transaction;
  const ends = () => {
    IDBDatabase.prototype.transaction = () => {
      throw new DOMException("The page is gone.", "InvalidStateError");
    };
  };
  beforeEach(() => {
    localStorage.clear();
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
  });
  afterEach(() => {
    IDBDatabase.prototype.transaction = transaction;
    vi.restoreAllMocks();
  });

  async function goneWith(page: OfflineStore | undefined, path: string, what: Kept): Promise<void> {
    await page?.paths();
    ends();
    await page?.putNow(path, what);
    IDBDatabase.prototype.transaction = transaction;
  }

  it("leaves what the database did not take any more", async () => {
    const [gone, later] = pages(2);
    await gone?.put("a.txt", kept(" on"));
    await goneWith(gone, "a.txt", kept(" one, the whole of it"));
    await goneWith(gone, "b.txt", kept(" of b"));
    expect(text((await later?.get("a.txt")) ?? null)).toBe("hello one, the whole of it");
    expect(text((await later?.get("b.txt")) ?? null)).toBe("hello of b");
    expect(await later?.paths()).toEqual(["a.txt", "b.txt"]);
  });

  it("leaves it until somebody has brought it, and then nothing of it", async () => {
    const [gone, later, last] = pages(3);
    await gone?.put("a.txt", kept(" on"));
    await goneWith(gone, "a.txt", kept(" one"));
    await later?.get("a.txt");
    expect(localStorage).toHaveLength(1);
    await later?.delete("a.txt");
    expect(localStorage).toHaveLength(0);
    expect(await last?.get("a.txt")).toBeNull();
  });

  it("leaves nothing beside the database when that took it, or when it goes on after all", async () => {
    const [page, later] = pages(2);
    await page?.putNow("a.txt", kept(" one"));
    expect(localStorage).toHaveLength(0);
    await goneWith(page, "a.txt", kept(" one and"));
    expect(localStorage).toHaveLength(1);
    await page?.put("a.txt", kept(" one and two"));
    expect(localStorage).toHaveLength(0);
    expect(text((await later?.get("a.txt")) ?? null)).toBe("hello one and two");
    await goneWith(page, "a.txt", kept(" three"));
    await page?.delete("a.txt");
    expect(await later?.get("a.txt")).toBeNull();
  });

  it("is another one than that of another person, and one whose words are damaged leaves nothing", async () => {
    const [gone, later] = pages(2);
    await goneWith(gone, "a.txt", kept(" one"));
    const name = localStorage.key(0) ?? "";
    localStorage.setItem(name.replace("ada", "ben"), localStorage.getItem(name) ?? "");
    localStorage.setItem(name.replace("a.txt", "b.txt"), "{");
    expect(await later?.paths()).toEqual(["a.txt"]);
    expect(text((await later?.get("a.txt")) ?? null)).toBe("hello one");
    expect(await later?.get("b.txt")).toBeNull();
  });

  it("leaves a text that is too long for that place to the database, and nothing that is out of date", async () => {
    const [page, later] = pages(2);
    await goneWith(page, "a.txt", kept(" one"));
    await page?.putNow("a.txt", kept("long ".repeat(400_000)));
    expect(localStorage).toHaveLength(0);
    expect(text((await later?.get("a.txt")) ?? null)).toHaveLength(2_000_005);
  });
});
