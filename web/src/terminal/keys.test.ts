import { expect, test } from "vitest";
import { keyAction } from "./keys";

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
