/** What is copied from and pasted into a terminal, made safe. */

/** Output as it should arrive elsewhere: the blanks that only fill lines are left out. */
export function withoutTrailingSpaces(text: string): string {
  return text.replace(/[ \t\u00a0]+(?=\r?\n|$)/g, "");
}

/**
 * Pasted text without what could act instead of being text: escape sequences (one of which ends a bracketed paste) and other
 * control characters but tab and line end. Terminals expect lines to end as the Enter key does.
 */
export function safePaste(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/\r?\n/g, "\r").replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]/g, "");
}

/** How many lines a paste has; more than one, or one that ends with Enter, runs something. */
export function pastedLines(text: string): number {
  return safePaste(text).split("\r").length;
}

/** Whether pasting `text` may do more than put words at the prompt. */
export function worthAsking(text: string): boolean {
  return pastedLines(text) > 1;
}
