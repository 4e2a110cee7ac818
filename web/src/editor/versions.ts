/** A version of a file in words: when it was made, why or by whom, and how large it is. */
import type { Version } from "../wire/generated";

const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short", hour: "numeric", minute: "2-digit" });
const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const NUMBER = new Intl.NumberFormat();

const WHY: Record<string, string> = {
  overwritten: "Before another program changed it",
  restored: "Before an older version was restored",
};

/** "Today, 12:19", a day of this year, or a date. */
export function whenMade({ time }: Pick<Version, "time">, now = new Date()): string {
  const made = new Date(time * 1000);
  if (made.toDateString() === now.toDateString()) return `Today, ${TIME.format(made)}`;
  return (made.getFullYear() === now.getFullYear() ? DAY : DATE).format(made);
}

/** What was going on: an event's name, or who had typed. */
export function aboutVersion({ kind, name, authors }: Pick<Version, "kind" | "name" | "authors">): string {
  const by = authors.length > 0 ? `Typed by ${authors.join(", ")}` : "";
  const why = kind === "event" ? `Before: ${name}` : name || WHY[kind] || (by ? "" : "As it was when it was opened");
  return [why, kind === "kept" ? "" : by].filter(Boolean).join(". ");
}

export function aboutSize({ size }: Pick<Version, "size">): string {
  return size === 1 ? "1 character" : `${NUMBER.format(size)} characters`;
}
