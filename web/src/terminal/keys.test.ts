import { expect, test } from "vitest";
import { keyAction, touchKey, withHeld } from "./keys";

const press = (key: string, modifiers: Partial<Record<"ctrlKey" | "shiftKey" | "metaKey" | "altKey", boolean>> = {}) => ({
  type: "keydown",
  key,
  ctrlKey: false,
  shiftKey: false,
  metaKey: false,
  altKey: false,
  ...modifiers,
});
const writer = { readOnly: false, selected: false };

test("keys are typed, but for the page's own", () => {
  expect(keyAction(press("a"), writer, false)).toBe("type");
  expect(keyAction(press("c", { ctrlKey: true }), writer, false)).toBe("type");
  expect(keyAction(press("F1"), writer, false)).toBe("page");
  expect(keyAction(press("P", { ctrlKey: true, shiftKey: true }), writer, false)).toBe("page");
  expect(keyAction(press("V", { ctrlKey: true, shiftKey: true }), writer, false)).toBe("page");
  expect(keyAction(press("F", { ctrlKey: true, shiftKey: true }), writer, false)).toBe("search");
  expect(keyAction(press("C", { ctrlKey: true, shiftKey: true }), { ...writer, selected: true }, false)).toBe("copy");
});

test("on a Mac the command key is the page's, and Control the program's", () => {
  expect(keyAction(press("c", { metaKey: true }), { ...writer, selected: true }, true)).toBe("copy");
  expect(keyAction(press("k", { metaKey: true }), writer, true)).toBe("page");
  expect(keyAction(press("c", { ctrlKey: true }), writer, true)).toBe("type");
});

test("who may only watch types nothing, but copies and scrolls", () => {
  const watcher = { readOnly: true, selected: true };
  expect(keyAction(press("a"), watcher, false)).toBe("page");
  expect(keyAction(press("c", { ctrlKey: true }), watcher, false)).toBe("copy");
  expect(keyAction(press("PageUp", { shiftKey: true }), watcher, false)).toBe("type");
});

const none = { ctrl: false, alt: false };

test("the keys that phones lack send what a keyboard's do", () => {
  expect(touchKey("Escape", none, false)).toBe("\x1b");
  expect(touchKey("Tab", { ctrl: true, alt: false }, false)).toBe("\t");
  expect(touchKey("ArrowUp", none, false)).toBe("\x1b[A");
  expect(touchKey("ArrowUp", none, true)).toBe("\x1bOA");
  expect(touchKey("ArrowLeft", { ctrl: true, alt: false }, true)).toBe("\x1b[1;5D");
});

test("a held modifier changes one character, and no paste", () => {
  expect(withHeld("c", { ctrl: true, alt: false })).toBe("\x03");
  expect(withHeld("[", { ctrl: true, alt: false })).toBe("\x1b");
  expect(withHeld("b", { ctrl: false, alt: true })).toBe("\x1bb");
  expect(withHeld("é", { ctrl: true, alt: false })).toBe("é");
  expect(withHeld("ls", { ctrl: true, alt: true })).toBe("ls");
});
