/** The panes of an open workspace as the rest of the page uses them: tabs opened, closed, moved, and what is active. */
import type { Position } from "../context";
import { isWithin } from "../paths";
import { tabId, tabOf, type Tab } from "../tabs";
import * as arranging from "./arrangement";
import type { Arrangement, Side } from "./arrangement";

export interface DockView {
  arrangement: Arrangement;
  /** Every tab, in the order of the panes. */
  tabs: readonly Tab[];
  active: Tab | null;
}

export class Dock {
  private view: DockView;
  private places = new Map<string, Position>();
  private listeners = new Set<() => void>();

  /** `save` is told each change of the arrangement. */
  constructor(
    arrangement: Arrangement,
    private readonly save: (arrangement: Arrangement) => void,
  ) {
    this.view = viewOf(arrangement);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** The same object until something of the panes changes. */
  snapshot = (): DockView => this.view;

  /** Where the person asked to be taken in a tab; a new object each time. */
  placeIn(id: string): Position | undefined {
    return this.places.get(id);
  }

  /** Show a tab: where it is open, or else in `into` or the active group. */
  open(tab: Tab, at?: Position, into?: string): void {
    const id = tabId(tab);
    if (at) this.places.set(id, { ...at });
    this.set(arranging.open(this.view.arrangement, id, into ?? this.home(tab)), at !== undefined);
  }

  activate(id: string): void {
    this.set(arranging.activate(this.view.arrangement, id));
  }

  close(id: string): void {
    this.places.delete(id);
    this.set(arranging.close(this.view.arrangement, id));
  }

  closeActive(): void {
    const id = arranging.activeTab(this.view.arrangement);
    if (id) this.close(id);
  }

  /** Close the tabs that share a pane with this one. */
  closeOthers(id: string): void {
    const others = arranging.groupWith(this.view.arrangement, id)?.tabs.filter((other) => other !== id) ?? [];
    this.set(others.reduce(arranging.close, this.view.arrangement));
  }

  closeAll(): void {
    this.set(arranging.NOTHING);
  }

  /** Move a tab to a place among the tabs of a group. */
  move(id: string, group: string, at: number): void {
    this.set(arranging.move(this.view.arrangement, id, group, at));
  }

  /** Put a tab, open already or not, into a pane of its own beside a group (or the one it is in). */
  split(id: string, side: Side, beside = arranging.groupWith(this.view.arrangement, id)?.id ?? ""): void {
    this.set(arranging.split(this.view.arrangement, id, beside, side));
  }

  resize(path: readonly number[], sizes: readonly number[]): void {
    this.set(arranging.resize(this.view.arrangement, path, sizes));
  }

  /** Show the tab `step` further on in the order of all panes, round and round. */
  next(step: 1 | -1): void {
    const ids = this.view.tabs.map(tabId);
    const at = ids.indexOf(arranging.activeTab(this.view.arrangement));
    const id = ids[(at + step + ids.length) % Math.max(1, ids.length)];
    if (id) this.activate(id);
  }

  /** Whether a tab can be split off the pane it is in. */
  canSplit(id: string): boolean {
    return (arranging.groupWith(this.view.arrangement, id)?.tabs.length ?? 0) > 1;
  }

  /** Files went to another path: their tabs follow, in place; of those that `which` says. */
  moved(source: string, target: string, which: (path: string) => boolean = () => true): void {
    let next = this.view.arrangement;
    for (const tab of this.view.tabs) {
      if (tab.kind !== "editor" || !isWithin(tab.path, source) || !which(tab.path)) continue;
      next = arranging.substitute(next, tabId(tab), tabId({ kind: "editor", path: target + tab.path.slice(source.length) }));
    }
    this.set(next);
  }

  /** Terminals gather where terminals are, so that a new one covers no editor when it need not. */
  private home(tab: Tab): string {
    const { arrangement, active } = this.view;
    if (tab.kind !== "terminal" || active?.kind === "terminal") return arrangement.active;
    return arranging.groupsOf(arrangement).find(({ shown }) => tabOf(shown)?.kind === "terminal")?.id ?? arrangement.active;
  }

  private set(arrangement: Arrangement, told = false): void {
    if (arrangement === this.view.arrangement && !told) return;
    this.view = viewOf(arrangement);
    this.save(arrangement);
    for (const listener of [...this.listeners]) listener();
  }
}

function viewOf(arrangement: Arrangement): DockView {
  const tabs = arranging.tabsIn(arrangement).map(tabOf).filter((tab) => tab !== null);
  return { arrangement, tabs, active: tabOf(arranging.activeTab(arrangement)) };
}
