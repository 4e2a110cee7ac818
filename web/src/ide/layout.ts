/**
 * The saved layout of one person in one workspace: its shape, and making something usable of whatever was saved.
 *
 * A layout may come from an older page, from a snapshot, or be damaged: what cannot be understood is left out, never
 * the reason for a workspace that does not open.
 */
import type { SerializedDockview } from "dockview-react";

export const LAYOUT_VERSION = 1;
const MOST_TABS = 200;
const DEEPEST = 12;
const PATH_LENGTH = 4096;

export interface SideBar {
  open: boolean;
  /** CSS pixels. */
  width: number;
}

export interface Layout {
  version: number;
  side: SideBar;
  /** Expanded folders of the file tree, as paths. */
  expanded: string[];
  /** The panes; null when nothing is open. */
  panes: SerializedDockview | null;
}

export const NARROWEST_SIDE = 180;
export const WIDEST_SIDE = 640;

export function emptyLayout(): Layout {
  return { version: LAYOUT_VERSION, side: { open: true, width: 264 }, expanded: [], panes: null };
}

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

export function openedTab(name: string): Tab | null {
  const terminal = /^terminal:\/\/(\d{1,9})$/.exec(name)?.[1];
  if (terminal) return { kind: "terminal", terminal: Number(terminal) };
  return isPath(name) ? { kind: "editor", path: name } : null;
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The folder of a path; the root is the empty string. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

export function joinPath(folder: string, name: string): string {
  return folder ? `${folder}/${name}` : name;
}

/** Whether `path` is `folder` or lies in it. */
export function isWithin(path: string, folder: string): boolean {
  return folder === "" || path === folder || path.startsWith(`${folder}/`);
}

export function isPath(value: unknown): value is string {
  return (
    typeof value === "string" &&
    value.length > 0 &&
    value.length <= PATH_LENGTH &&
    !value.includes("\0") &&
    value.split("/").every((part) => part !== "" && part !== "." && part !== "..")
  );
}

/** The layout in `saved`, as far as it makes sense. */
export function readLayout(saved: unknown): Layout {
  const layout = emptyLayout();
  if (!isRecord(saved) || saved.version !== LAYOUT_VERSION) return layout;
  if (isRecord(saved.side)) {
    const { open, width } = saved.side;
    if (typeof open === "boolean") layout.side.open = open;
    if (typeof width === "number" && Number.isFinite(width)) layout.side.width = clampSide(width);
  }
  if (Array.isArray(saved.expanded)) layout.expanded = saved.expanded.filter(isPath).slice(0, MOST_TABS);
  layout.panes = readPanes(saved.panes);
  return layout;
}

export function clampSide(width: number): number {
  return Math.round(Math.min(WIDEST_SIDE, Math.max(NARROWEST_SIDE, width)));
}

/** Panes with only tabs of ours, each once, and no empty groups; null when none are left. */
export function readPanes(saved: unknown): SerializedDockview | null {
  if (!isRecord(saved) || !isRecord(saved.grid) || !isRecord(saved.panels)) return null;
  const reader = new PaneReader();
  const root = reader.node(saved.grid.root, 0);
  if (!root || reader.tabs.length === 0) return null;
  const { width, height, orientation } = saved.grid;
  const panes = {
    grid: {
      root: root.type === "branch" ? root : { type: "branch", data: [root], size: root.size },
      width: size(width) ?? 1000,
      height: size(height) ?? 700,
      orientation: orientation === "VERTICAL" ? "VERTICAL" : "HORIZONTAL",
    },
    panels: Object.fromEntries(reader.tabs.map((tab) => [tabId(tab), panelOf(tab)])),
    ...(reader.groups.includes(String(saved.activeGroup)) ? { activeGroup: saved.activeGroup } : {}),
  };
  return panes as unknown as SerializedDockview;
}

/** What dockview keeps of a tab. */
export function panelOf(tab: Tab): { id: string; contentComponent: string; title: string; params: object } {
  return tab.kind === "editor"
    ? { id: tabId(tab), contentComponent: "editor", title: baseName(tab.path), params: { path: tab.path } }
    : { id: tabId(tab), contentComponent: "terminal", title: `Terminal ${tab.terminal}`, params: { terminal: tab.terminal } };
}

/** Every tab of the panes, in reading order. */
export function tabsOf(panes: SerializedDockview | null): Tab[] {
  if (!panes) return [];
  const reader = new PaneReader();
  reader.node(panes.grid.root, 0);
  return reader.tabs;
}

/** The same arrangement with exactly these tabs: closed ones gone, new ones beside the active group's. */
export function withTabs(panes: SerializedDockview | null, tabs: readonly Tab[], active: Tab | null): SerializedDockview | null {
  const wanted = new Set(tabs.map(tabId));
  const had = new Set(tabsOf(panes).map(tabId));
  const added = tabs.map(tabId).filter((id) => !had.has(id));
  const reader = new PaneReader((id) => wanted.has(id));
  const root = (panes && reader.node(panes.grid.root, 0)) ?? { type: "leaf", data: { views: [], activeView: "", id: "group-1" } };
  const leaves: Leaf[] = [];
  const collect = (node: Node): void => (node.type === "leaf" ? void leaves.push(node.data) : node.data.forEach(collect));
  collect(root);
  const shown = active ? tabId(active) : "";
  const home = leaves.find((leaf) => leaf.id === panes?.activeGroup) ?? leaves[0];
  home?.views.push(...added);
  const holder = leaves.find((leaf) => leaf.views.includes(shown));
  if (holder) holder.activeView = shown;
  const panels = Object.fromEntries(tabs.map((tab) => [tabId(tab), panelOf(tab)]));
  return readPanes({ grid: { ...panes?.grid, root }, panels, activeGroup: holder?.id });
}

interface Leaf {
  views: string[];
  activeView: string;
  id: string;
}

type Node =
  | { type: "leaf"; size?: number; data: Leaf }
  | { type: "branch"; size?: number; data: Node[] };

class PaneReader {
  tabs: Tab[] = [];
  groups: string[] = [];
  private seen = new Set<string>();

  constructor(private readonly wanted: (id: string) => boolean = () => true) {}

  node(value: unknown, depth: number): Node | null {
    if (!isRecord(value) || depth > DEEPEST) return null;
    const own = size(value.size);
    const sized = own === undefined ? {} : { size: own };
    if (value.type === "branch" && Array.isArray(value.data)) {
      const children = value.data.map((child) => this.node(child, depth + 1)).filter((child) => child !== null);
      return children.length ? { type: "branch", data: children, ...sized } : null;
    }
    if (value.type !== "leaf" || !isRecord(value.data) || !Array.isArray(value.data.views)) return null;
    const views = value.data.views.filter((id): id is string => typeof id === "string" && this.take(id));
    const [first] = views;
    if (first === undefined) return null;
    const id = `group-${this.groups.length + 1}`;
    const named = typeof value.data.id === "string" && !this.groups.includes(value.data.id) ? value.data.id : id;
    this.groups.push(named);
    const active = value.data.activeView;
    return { type: "leaf", data: { views, activeView: views.find((view) => view === active) ?? first, id: named }, ...sized };
  }

  private take(id: string): boolean {
    const tab = tabOf(id);
    if (!tab || !this.wanted(id) || this.seen.has(id) || this.tabs.length >= MOST_TABS) return false;
    this.seen.add(id);
    this.tabs.push(tab);
    return true;
  }
}

function size(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value > 0 && value < 100_000 ? value : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
