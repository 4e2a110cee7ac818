import { expect, test } from "vitest";
import { candidates, findLinks } from "./links";

const found = (text: string) => findLinks(text).map(({ path, line, column }) => [path, line, column]);

test.each([
  ["src/app.py:12: error", [["src/app.py", 12, undefined]]],
  ["  at /workspace/web/a.ts:3:14)", [["/workspace/web/a.ts", 3, 14]]],
  ['  File "/workspace/x y.py", line 7, in f', [["/workspace/x y.py", 7, undefined]]],
  ["src/a.ts(12,3): error TS1", [["src/a.ts", 12, 3]]],
  ["./run.sh:2 and ../b.c:3:4", [["./run.sh", 2, undefined], ["../b.c", 3, 4]]],
  ["Makefile:10: recipe failed", [["Makefile", 10, undefined]]],
  ["tests/test_a-b.py:1:", [["tests/test_a-b.py", 1, undefined]]],
])("%s", (text, expected) => {
  expect(found(text)).toEqual(expected);
});

test.each(["12:30:05 done", "localhost:8000", "http://example.org:80/", "10.0.0.1:443", "key: 12", "a:1"])("%s is no place in a file", (text) => {
  expect(found(text)).toEqual([]);
});

test("an endless line is not searched", () => {
  expect(findLinks(`${"x".repeat(3_000)} a.py:1`)).toEqual([]);
});

test("a path is looked for where the terminal was opened, then from the root, never outside", () => {
  expect(candidates("a.py", "/workspace", "src")).toEqual(["src/a.py", "a.py"]);
  expect(candidates("../a.py", "/workspace", "src")).toEqual(["a.py"]);
  expect(candidates("/workspace/b/./c.py", "/workspace", "src")).toEqual(["b/c.py"]);
  expect(candidates("/etc/passwd", "/workspace", "")).toEqual([]);
  expect(candidates("../../x", "/workspace", "")).toEqual([]);
  expect(candidates("~/x", "/workspace", "")).toEqual([]);
});
