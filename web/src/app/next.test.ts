// @vitest-environment node
import { expect, test } from "vitest";
import { nextAfter, signInAddress } from "./next";

test("one comes back to where one wanted to go", () => {
  const address = signInAddress("/w/abc?file=a&line=3#end");
  expect(nextAfter(address.slice(address.indexOf("?")))).toBe("/w/abc?file=a&line=3#end");
  expect(signInAddress("/")).toBe("/sign-in");
  expect(nextAfter("")).toBe("/");
});

test.each(["//elsewhere.example", "https://elsewhere.example", "/\\elsewhere.example", "javascript:alert(1)", "elsewhere"])(
  "%s leads to the dashboard, not away",
  (next) => {
    expect(nextAfter(`?next=${encodeURIComponent(next)}`)).toBe("/");
  },
);
