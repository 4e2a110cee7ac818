/** The panes of an open workspace as the rest of the page uses them: tabs opened, closed, moved, and what is active. */
import type { DockviewApi, IDockviewPanel, SerializedDockview } from "dockview-react";
import type { Position } from "./context";
import { isWithin, panelOf, tabId, tabOf, tabsOf, withTabs, type Tab } from "./layout";

export interface DockView {
  /** Every tab, in the order of the panes. */
  tabs: readonly Tab[];
  active: Tab | null;
}

/** Parameters of an editor's tab; `at` is a new object each time the person asks to be taken somewhere. */
export interface EditorParams {
  path: string;
  at?: Position;
}

export interface TerminalParams {
  terminal: number;
}

const NOTHING: DockView = { tabs: [], active: null };

export class Dock {
  private api: DockviewApi | null = null;
  private view: DockView = NOTHING;
  private listeners = new Set<() => void>();
  private waiting: ((api: DockviewApi) => void)[] = [];
  private restoring = false;

  /** `saved`: the panes to begin with; `save` is told each change of them. */
  constructor(
    private saved: SerializedDockview | null,
    private readonly save: (panes: SerializedDockview | null) => void,
    private narrow: boolean,
  ) {}

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** The same object until tabs or the active one change. */
  snapshot = (): DockView => this.view;

  /** The panes are on the screen. */
  attach(api: DockviewApi): void {
    this.api = api;
    this.restore();
    api.onDidLayoutChange(() => this.changed());
    api.onDidActivePanelChange(() => this.changed());
    const waiting = this.waiting;
    this.waiting = [];
    for (const act of waiting) act(api);
    this.changed();
  }

  detach(): void {
    this.api = null;
  }

  /** On a narrow screen all tabs share one pane; the arrangement of wide screens is kept for them. */
  setNarrow(narrow: boolean): void {
    if (narrow === this.narrow) return;
    this.narrow = narrow;
    if (this.api) this.restore();
    this.changed();
  }

  open(tab: Tab, at?: Position): void {
    this.with((api) => {
      const there = api.getPanel(tabId(tab));
      if (there) {
        if (at) there.update({ params: { at } });
        there.api.setActive();
        return;
      }
      const { id, contentComponent, title, params } = panelOf(tab);
      const beside = terminalGroup(api, tab);
      api.addPanel({
        id,
        component: contentComponent,
        title,
        params: at ? { ...params, at } : params,
        ...(beside ? { position: { referenceGroup: beside } } : {}),
      });
    });
  }

  close(id: string): void {
    this.with((api) => api.getPanel(id)?.api.close());
  }

  closeActive(): void {
    this.with((api) => api.activePanel?.api.close());
  }

  /** Close the tabs that share a pane with this one. */
  closeOthers(id: string): void {
    this.with((api) => {
      const panel = api.getPanel(id);
      for (const other of [...(panel?.group.panels ?? [])]) if (other.id !== id) other.api.close();
    });
  }

  closeAll(): void {
    this.with((api) => {
      for (const panel of [...api.panels]) panel.api.close();
    });
  }

  /** Move a tab into a pane of its own beside the one it is in. */
  split(id: string, direction: "right" | "below"): void {
    this.with((api) => {
      const panel = api.getPanel(id);
      if (!panel || panel.group.panels.length < 2) return;
      panel.api.moveTo({ group: panel.group, position: direction === "right" ? "right" : "bottom" });
    });
  }

  next(step: 1 | -1): void {
    this.with((api) => (step === 1 ? api.activateNext({ includePanel: true }) : api.activatePrevious({ includePanel: true })));
  }

  focus(): void {
    this.with((api) => api.focus());
  }

  /** Files went to another path: their tabs follow, in place. */
  moved(source: string, target: string): void {
    this.with((api) => {
      for (const panel of [...api.panels]) {
        const tab = tabOf(panel.id);
        if (tab?.kind !== "editor" || !isWithin(tab.path, source)) continue;
        this.replace(api, panel, { kind: "editor", path: target + tab.path.slice(source.length) });
      }
    });
  }

  setTitle(id: string, title: string): void {
    const panel = this.api?.getPanel(id);
    if (panel && panel.title !== title) panel.api.setTitle(title);
  }

  private with(act: (api: DockviewApi) => void): void {
    if (this.api) act(this.api);
    else this.waiting.push(act);
  }

  private replace(api: DockviewApi, panel: IDockviewPanel, tab: Tab): void {
    const { id, contentComponent, title, params } = panelOf(tab);
    const index = panel.group.panels.indexOf(panel);
    const active = panel.group.activePanel === panel;
    if (!api.getPanel(id)) {
      api.addPanel({
        id,
        component: contentComponent,
        title,
        params,
        inactive: !active,
        position: { referenceGroup: panel.group, index: index + 1 },
      });
    }
    panel.api.close();
  }

  private restore(): void {
    const api = this.api;
    if (!api) return;
    const tabs = tabsOf(this.saved);
    const active = this.view.active;
    this.restoring = true;
    try {
      api.clear();
      if (!this.narrow && this.saved) {
        try {
          api.fromJSON(this.saved);
        } catch (error) {
          // An arrangement that cannot be restored costs the arrangement, not the tabs.
          console.error("The saved arrangement of panes could not be restored.", error);
          api.clear();
          this.addAll(api, tabs);
        }
      } else {
        this.addAll(api, tabs, this.saved);
      }
      if (active) api.getPanel(tabId(active))?.api.setActive();
    } finally {
      this.restoring = false;
    }
  }

  private addAll(api: DockviewApi, tabs: readonly Tab[], saved: SerializedDockview | null = null): void {
    for (const tab of tabs) {
      const { id, contentComponent, title, params } = panelOf(tab);
      api.addPanel({ id, component: contentComponent, title, params, inactive: api.totalPanels > 0 });
    }
    const shown = saved ? activeView(saved) : undefined;
    if (shown) api.getPanel(shown)?.api.setActive();
  }

  private changed(): void {
    const api = this.api;
    if (!api || this.restoring) return;
    const tabs = api.panels.map((panel) => tabOf(panel.id)).filter((tab) => tab !== null);
    const active = api.activePanel ? tabOf(api.activePanel.id) : null;
    if (!sameView(this.view, tabs, active)) {
      this.view = { tabs, active };
      for (const listener of [...this.listeners]) listener();
    }
    this.saved = this.narrow ? withTabs(this.saved, tabs, active) : tabs.length ? withoutPlaces(api.toJSON()) : null;
    this.save(this.saved);
  }
}

/** Terminals gather where terminals are, so that one opened from an editor does not cover it when it need not. */
function terminalGroup(api: DockviewApi, tab: Tab) {
  if (tab.kind !== "terminal") return undefined;
  if (api.activePanel && tabOf(api.activePanel.id)?.kind === "terminal") return undefined;
  return api.groups.find((group) => group.activePanel && tabOf(group.activePanel.id)?.kind === "terminal");
}

function activeView(panes: SerializedDockview): string | undefined {
  const leaves: { id: string; activeView?: string }[] = [];
  const collect = (node: { type: string; data: unknown }): void => {
    if (node.type === "leaf") leaves.push(node.data as { id: string; activeView?: string });
    else for (const child of node.data as { type: string; data: unknown }[]) collect(child);
  };
  collect(panes.grid.root);
  return (leaves.find((leaf) => leaf.id === panes.activeGroup) ?? leaves[0])?.activeView;
}

/** Where the person was taken once is no part of the arrangement. */
function withoutPlaces(panes: SerializedDockview): SerializedDockview {
  for (const panel of Object.values(panes.panels)) delete panel.params?.at;
  return panes;
}

function sameView(view: DockView, tabs: readonly Tab[], active: Tab | null): boolean {
  if ((view.active ? tabId(view.active) : "") !== (active ? tabId(active) : "")) return false;
  return view.tabs.length === tabs.length && view.tabs.every((tab, index) => tabId(tab) === tabId(tabs[index] as Tab));
}
