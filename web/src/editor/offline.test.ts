import "fake-indexeddb/auto";
import { expect, it, vi } from "vitest";
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
