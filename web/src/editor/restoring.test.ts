import { expect, it } from "vitest";
import * as Y from "yjs";
import { restore } from "./restoring";

function typed(text: string) {
  const doc = new Y.Doc();
  const shared = doc.getText("text");
  const me = {};
  const undo = new Y.UndoManager(shared, { trackedOrigins: new Set([me]), captureTimeout: 10_000 });
  const type = (at: number, what: string) => doc.transact(() => shared.insert(at, what), me);
  type(0, text);
  return { doc, text: shared, undo, type };
}

it("is one edit that undo takes back, and nothing else with it", () => {
  const shared = typed("one two three\nfour\n");
  restore(shared, "one 2 three\n");
  expect(shared.text.toString()).toBe("one 2 three\n");
  shared.type(0, "next ");
  shared.undo.undo();
  expect(shared.text.toString()).toBe("one 2 three\n");
  shared.undo.undo();
  expect(shared.text.toString()).toBe("one two three\nfour\n");
  shared.undo.redo();
  expect(shared.text.toString()).toBe("one 2 three\n");
});

it("keeps what did not change, with what others type there", () => {
  const shared = typed("one two three");
  const other = new Y.Doc();
  Y.applyUpdate(other, Y.encodeStateAsUpdate(shared.doc));
  other.getText("text").insert(13, " theirs");
  restore(shared, "1 two three");
  Y.applyUpdate(shared.doc, Y.encodeStateAsUpdate(other));
  expect(shared.text.toString()).toBe("1 two three theirs");
});

it("cuts no character in two", () => {
  const alphabet = ["😀", "😁", "👋", "a", "\n"];
  let seed = 7;
  const random = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
  const some = () => Array.from({ length: random(9) }, () => alphabet[random(alphabet.length)]).join("");
  for (let round = 0; round < 200; round++) {
    const [now, then] = [some(), some()];
    const shared = typed(now);
    restore(shared, then);
    expect(shared.text.toString()).toBe(then);
    const other = new Y.Doc();
    Y.applyUpdate(other, Y.encodeStateAsUpdate(shared.doc));
    expect(other.getText("text").toString()).toBe(then);
  }
});
