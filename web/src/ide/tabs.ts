/** What can be open in a tab, and the names that stand for it. */
import { isPath } from "./paths";

export type Tab = { kind: "editor"; path: string } | { kind: "terminal"; terminal: number };

/** Identity of a tab: one file or terminal is open once per page. */
export function tabId(tab: Tab): string {
  return tab.kind === "editor" ? `file:${tab.path}` : `terminal:${tab.terminal}`;
}

/** The tab behind an identity; null when it is no tab of ours. */
export function tabOf(id: string): Tab | null {
  if (id.startsWith("file:")) {
    const path = id.slice(5);
    return isPath(path) ? { kind: "editor", path } : null;
  }
  const terminal = /^terminal:(\d{1,9})$/.exec(id)?.[1];
  return terminal ? { kind: "terminal", terminal: Number(terminal) } : null;
}

/** How a tab is told to others: a path, or `terminal://N`, which no path can be. */
export function openedName(tab: Tab): string {
  return tab.kind === "editor" ? tab.path : `terminal://${tab.terminal}`;
}

/** What another person said to have open; null when this page does not know such a thing. */
export function openedTab(name: string): Tab | null {
  const terminal = /^terminal:\/\/(\d{1,9})$/.exec(name)?.[1];
  if (terminal) return { kind: "terminal", terminal: Number(terminal) };
  return isPath(name) ? { kind: "editor", path: name } : null;
}
