import { expect, it } from "vitest";
import { aboutSize, aboutVersion, whenMade } from "./versions";

const NOW = new Date(2026, 10, 21, 12, 30);
const at = (...when: [number, number, number, number, number]) => whenMade({ time: new Date(...when).getTime() / 1000 }, NOW);

it("says when a version was made, as shortly as it is clear", () => {
  expect(at(2026, 10, 21, 9, 5)).toMatch(/^Today, 0?9:05/);
  expect(at(2026, 10, 20, 9, 5)).toMatch(/20.*9:05/);
  expect(at(2026, 10, 20, 9, 5)).not.toMatch(/2026|Today/);
  expect(at(2025, 10, 21, 9, 5)).toMatch(/2025/);
});

it("says why there is a version, and by whom its text is", () => {
  const event = "Ada checked out main in Terminal 2, 14 files";
  expect(aboutVersion({ kind: "event", name: event, authors: [] })).toBe(`Before: ${event}`);
  expect(aboutVersion({ kind: "event", name: event, authors: ["Ben"] })).toBe(`Before: ${event}. Typed by Ben`);
  expect(aboutVersion({ kind: "typed", name: "", authors: ["Ada", "Ben"] })).toBe("Typed by Ada, Ben");
  expect(aboutVersion({ kind: "typed", name: "", authors: [] })).toBe("As it was when it was opened");
  expect(aboutVersion({ kind: "overwritten", name: "", authors: ["Ada"] })).toBe("Before another program changed it. Typed by Ada");
  expect(aboutVersion({ kind: "kept", name: "Ada's text of today", authors: ["Ada"] })).toBe("Ada's text of today");
});

it("says how large it is", () => {
  expect(aboutSize({ size: 1 })).toBe("1 character");
  expect(aboutSize({ size: 12 })).toBe("12 characters");
});
