/** What a tab says about what it shows: its name, and whether something is unsaved or ended. */
import { useCallback, useRef, useSyncExternalStore } from "react";
import type { Documents } from "../editor/documents";
import type { Terminals } from "../terminal/terminals";
import { useIde } from "./context";
import { baseName, folderOf } from "./paths";
import { type Tab } from "./tabs";
import { useStore } from "./useStore";

export interface TabState {
  title: string;
  /** Tells apart tabs with the same name, or says what became of it. */
  detail: string;
  dirty: boolean;
}

const NONE: TabState = { title: "", detail: "", dirty: false };

export function useTabState(tab: Tab | null): TabState {
  const { documents, terminals, session } = useIde();
  const { tabs } = useStore(session.dock);
  const last = useRef<TabState>(NONE);
  const subscribe = useCallback(
    (listener: () => void) => (tab?.kind === "terminal" ? terminals.subscribe(listener) : watchDocument(documents, tab?.path ?? "", listener)),
    [documents, terminals, tab?.kind, tab?.kind === "editor" ? tab.path : 0],
  );
  return useSyncExternalStore(subscribe, () => {
    const now = tab ? stateOf(tab, tabs, documents, terminals) : NONE;
    const { title, detail, dirty } = last.current;
    if (now.title !== title || now.detail !== detail || now.dirty !== dirty) last.current = now;
    return last.current;
  });
}

/** Listens to the document at a path, also when it is opened only later. */
function watchDocument(documents: Documents, path: string, listener: () => void): () => void {
  let stop: (() => void) | undefined;
  let watched: unknown;
  const attach = () => {
    const document = documents.get(path);
    if (document === watched) return;
    stop?.();
    watched = document;
    stop = document?.subscribe(listener);
    listener();
  };
  const stopAll = documents.subscribe(attach);
  attach();
  return () => {
    stopAll();
    stop?.();
  };
}

function stateOf(tab: Tab, tabs: readonly Tab[], documents: Documents, terminals: Terminals): TabState {
  if (tab.kind === "terminal") {
    const info = terminals.get(tab.terminal);
    return { title: info?.name || `Terminal ${tab.terminal}`, detail: info?.ended ? "ended" : "", dirty: false };
  }
  const facts = documents.get(tab.path)?.snapshot();
  const dirty = facts !== undefined && facts.phase !== "failed" && (facts.unconfirmed > 0 || !facts.saved);
  return { title: baseName(tab.path), detail: facts?.gone ? "deleted" : distinguishing(tab.path, tabs), dirty };
}

/** The shortest end of a path's folder that no other tab of the same name has; empty when the name alone will do. */
export function distinguishing(path: string, tabs: readonly Tab[]): string {
  const name = baseName(path);
  const others = tabs.flatMap((tab) => (tab.kind === "editor" && tab.path !== path && baseName(tab.path) === name ? [folderOf(tab.path)] : []));
  if (others.length === 0) return "";
  const parts = folderOf(path).split("/").filter(Boolean);
  if (parts.length === 0) return "./";
  for (let count = 1; count <= parts.length; count++) {
    const end = parts.slice(-count).join("/");
    if (!others.some((folder) => folder === end || folder.endsWith(`/${end}`))) return end;
  }
  return parts.join("/");
}
