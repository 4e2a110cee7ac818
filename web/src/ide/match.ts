/** Matching what people type into the palette. */
import type { Position } from "./context";

/** Whether every word of the query begins a word of the title, or stands in it. */
export function matchWords(query: string, title: string): boolean {
  const lower = title.toLocaleLowerCase();
  return query
    .toLocaleLowerCase()
    .split(/\s+/u)
    .every((word) => lower.includes(word));
}

/** A path with the place in it that may follow: `main.py:12` or `main.py:12:3`. */
export function splitPosition(text: string): { path: string; position?: Position } {
  const match = /^(.*?):(\d+)(?::(\d+))?:?$/.exec(text);
  if (!match?.[1]) return { path: text };
  return { path: match[1], position: { line: Number(match[2]), ...(match[3] ? { column: Number(match[3]) } : {}) } };
}
