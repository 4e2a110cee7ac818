import { describe, expect, it } from "vitest";
import { freeName, sizeInWords } from "../files/uploads";
import { matchWords, splitPosition } from "./match";
import { distinguishing } from "./tabState";

describe("what people type into the palette", () => {
  it("matches words anywhere, in any order", () => {
    expect(matchWords("term new", "New terminal")).toBe(true);
    expect(matchWords("", "Anything")).toBe(true);
    expect(matchWords("zzz", "New terminal")).toBe(false);
  });

  it.each([
    ["main.py", { path: "main.py" }],
    ["main.py:12", { path: "main.py", position: { line: 12 } }],
    ["src/main.py:12:3", { path: "src/main.py", position: { line: 12, column: 3 } }],
    ["main.py:", { path: "main.py:" }],
  ])("may name a place in a file: %s", (text, split) => expect(splitPosition(text)).toEqual(split));
});

describe("tabs of the same name", () => {
  const tabs = ["a/index.ts", "b/index.ts", "x/b/index.ts", "index.ts", "other.ts"].map((path) => ({ kind: "editor" as const, path }));
  it.each([
    ["a/index.ts", "a"],
    ["x/b/index.ts", "x/b"],
    ["index.ts", "./"],
    ["other.ts", ""],
  ])("are told apart: %s", (path, detail) => expect(distinguishing(path, tabs)).toBe(detail));
});

describe("uploads", () => {
  it("find a free name", () => {
    expect(freeName("a.txt", new Set())).toBe("a.txt");
    expect(freeName("a.txt", new Set(["a.txt", "a (2).txt"]))).toBe("a (3).txt");
    expect(freeName(".env", new Set([".env"]))).toBe(".env (2)");
  });

  it("say sizes in words", () => {
    expect([0, 1, 999, 1_000, 9_940, 12_345, 999_600, 3_400_000_000].map(sizeInWords)).toEqual([
      "0 bytes", "1 byte", "999 bytes", "1.0 kB", "9.9 kB", "12 kB", "1.0 MB", "3.4 GB",
    ]);
  });
});
