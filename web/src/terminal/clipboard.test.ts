import { expect, test } from "vitest";
import { pastedLines, safePaste, withoutTrailingSpaces, worthAsking } from "./clipboard";

test("blanks that only fill lines are not copied", () => {
  expect(withoutTrailingSpaces("one   \n  two\t \nthree\u00a0")).toBe("one\n  two\nthree");
});

test("a paste cannot end its own brackets or act in another way", () => {
  expect(safePaste("a\x1b[201~b\x03c\x07\u009b31m\td")).toBe("a[201~bc31m\td");
  expect(safePaste("one\r\ntwo\nthree")).toBe("one\rtwo\rthree");
});

test("several lines, or one that ends with Enter, are worth a question", () => {
  expect(worthAsking("ls -l")).toBe(false);
  expect(worthAsking("ls -l\n")).toBe(true);
  expect(pastedLines("a\nb\r\nc")).toBe(3);
});
