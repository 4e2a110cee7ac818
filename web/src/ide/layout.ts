/**
 * The saved layout of one person in one workspace: its shape, and making something usable of whatever was saved.
 *
 * A layout may come from an older page, from a snapshot, or be damaged: what cannot be understood is left out, never
 * the reason for a workspace that does not open.
 */
import { NOTHING, readArrangement, type Arrangement } from "./panes/arrangement";
import { isPath } from "./paths";
import { tabOf } from "./tabs";

export const LAYOUT_VERSION = 1;
const MOST_FOLDERS = 500;

export interface SideBar {
  open: boolean;
  /** CSS pixels. */
  width: number;
}

export interface Layout {
  version: number;
  side: SideBar;
  /** Expanded folders of the file tree, as paths. */
  expanded: readonly string[];
  /** Whether git's own store is among the files. */
  hidden: boolean;
  panes: Arrangement;
}

export const NARROWEST_SIDE = 180;
export const WIDEST_SIDE = 640;

export function emptyLayout(): Layout {
  return { version: LAYOUT_VERSION, side: { open: true, width: 264 }, expanded: [], hidden: false, panes: NOTHING };
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
  if (Array.isArray(saved.expanded)) layout.expanded = saved.expanded.filter(isPath).slice(0, MOST_FOLDERS);
  layout.hidden = saved.hidden === true;
  layout.panes = readArrangement(saved.panes, (tab) => tabOf(tab) !== null);
  return layout;
}

export function clampSide(width: number): number {
  return Math.round(Math.min(WIDEST_SIDE, Math.max(NARROWEST_SIDE, width)));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
