// @vitest-environment node
import { expect, test } from "vitest";
import { inWords } from "./When";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

test.each([
  [-20_000, "just now"],
  [20_000, "in a moment"],
  [-3 * MINUTE, "3 minutes ago"],
  [-59.9 * MINUTE, "1 hour ago"],
  [-DAY, "yesterday"],
  // What was set to seven days a moment ago.
  [7 * DAY - 3_000, "in 7 days"],
  [90 * DAY - 3_000, "in 3 months"],
  [365 * DAY - 3_000, "next year"],
])("%s milliseconds from now is %s", (distance, words) => {
  expect(inWords(distance, 0)).toBe(words);
});
