// @vitest-environment node
import { expect, test } from "vitest";
import { workspace } from "../test/hub";
import { changesInWords, nameFrom, shortUrl } from "./states";

test.each([
  ["https://example.org/team/project.git", "project"],
  ["https://example.org/team/project/", "project"],
  ["git@example.org:team/project.git", "project"],
  ["thesis-v2.tar.gz", "thesis-v2"],
  ["data.2026.zip", "data.2026"],
  ["  ", ""],
])("%s suggests the name %s", (address, name) => {
  expect(nameFrom(address)).toBe(name);
});

test("a git address is shown without its password", () => {
  expect(shortUrl("https://user:secret@example.org/team/project.git")).toBe("example.org/team/project");
});

test("a screen reader hears what changed, and nothing else", () => {
  const before = [workspace({ id: "a", name: "One" }), workspace({ id: "b", name: "Two", state: "starting" })];
  expect(changesInWords(undefined, before)).toEqual([]);
  expect(changesInWords(before, [...before])).toEqual([]);
  const now = [
    workspace({ id: "a", name: "One" }),
    workspace({ id: "b", name: "Two", state: "failed", reason: "The repository could not be reached." }),
    workspace({ id: "c", name: "Three", state: "starting" }),
  ];
  expect(changesInWords(before, now)).toEqual([
    "Two: failed. The repository could not be reached.",
    "Three was added: starting.",
  ]);
});
