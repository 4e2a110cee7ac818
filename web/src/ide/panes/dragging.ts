/** What is dragged over the panes: a tab, or a file from the tree. */
import { useEffect, useState } from "react";
import { tabId } from "../tabs";
import type { Side } from "./arrangement";

export const TAB_DRAG = "application/x-coterie-tab";
export const PATH_DRAG = "application/x-coterie-path";

/** The part of a pane, measured from its edges, in which a drop splits it. */
const EDGE = 0.26;

export function carriesTab(transfer: DataTransfer): boolean {
  return transfer.types.includes(TAB_DRAG) || transfer.types.includes(PATH_DRAG);
}

/** The identity of the tab that was dropped; null for anything else. */
export function droppedTab(transfer: DataTransfer): string | null {
  const tab = transfer.getData(TAB_DRAG);
  if (tab) return tab;
  const path = transfer.getData(PATH_DRAG);
  return path ? tabId({ kind: "editor", path }) : null;
}

/** Which side of a pane a point is at; null in its middle. `x` and `y` are fractions of its width and height. */
export function sideAt(x: number, y: number): Side | null {
  const distances: [Side, number][] = [
    ["left", x],
    ["right", 1 - x],
    ["above", y],
    ["below", 1 - y],
  ];
  const [side, distance] = distances.reduce((nearest, other) => (other[1] < nearest[1] ? other : nearest));
  return distance < EDGE ? side : null;
}

/** Whether something that panes take is being dragged anywhere in this page. */
export function useDragging(): boolean {
  const [dragging, setDragging] = useState(false);
  useEffect(() => {
    const begin = (event: DragEvent) => {
      if (!event.dataTransfer || !carriesTab(event.dataTransfer)) return;
      // In the next turn: a page that changes under the pointer while a drag begins ends it in some browsers.
      setTimeout(() => setDragging(true));
    };
    const end = () => setDragging(false);
    addEventListener("dragstart", begin);
    addEventListener("dragend", end);
    addEventListener("drop", end);
    return () => {
      removeEventListener("dragstart", begin);
      removeEventListener("dragend", end);
      removeEventListener("drop", end);
    };
  }, []);
  return dragging;
}
