/**
 * The arrangement of tabs in panes, as plain data: a tree of splits with groups of tabs as leaves.
 *
 * Every function gives a new arrangement and leaves the given one as it was. Invariants of what they give: no group is
 * empty, a tab is in one group only, a split has two children or more and never a child split in its own direction,
 * `sizes` are fractions that sum to 1, `active` names a group (or is empty when there is none).
 */

export type Direction = "row" | "column";
export type Side = "left" | "right" | "above" | "below";

export interface Group {
  kind: "group";
  id: string;
  /** Identities of tabs (see tabs.ts), in the order of the strip. */
  tabs: readonly string[];
  shown: string;
}

export interface Split {
  kind: "split";
  direction: Direction;
  children: readonly Node[];
  sizes: readonly number[];
}

export type Node = Group | Split;

export interface Arrangement {
  root: Node | null;
  /** The group that has the person's attention. */
  active: string;
}

export const NOTHING: Arrangement = { root: null, active: "" };

export function groupsOf({ root }: Arrangement): Group[] {
  const collect = (node: Node): Group[] => (node.kind === "group" ? [node] : node.children.flatMap(collect));
  return root ? collect(root) : [];
}

/** Every tab, in reading order. */
export function tabsIn(arrangement: Arrangement): string[] {
  return groupsOf(arrangement).flatMap((group) => group.tabs);
}

export function groupWith(arrangement: Arrangement, tab: string): Group | undefined {
  return groupsOf(arrangement).find((group) => group.tabs.includes(tab));
}

export function activeGroup(arrangement: Arrangement): Group | undefined {
  return groupsOf(arrangement).find((group) => group.id === arrangement.active);
}

/** The tab that has the person's attention; empty when nothing is open. */
export function activeTab(arrangement: Arrangement): string {
  return activeGroup(arrangement)?.shown ?? "";
}

/** Show a tab that is open, and give its group the attention. */
export function activate(arrangement: Arrangement, tab: string): Arrangement {
  const group = groupWith(arrangement, tab);
  if (!group || (group.shown === tab && arrangement.active === group.id)) return arrangement;
  return { root: replace(arrangement.root, group.id, { ...group, shown: tab }), active: group.id };
}

/** Open a tab beside the one shown in `into` (or the active group), or show it where it is open already. */
export function open(arrangement: Arrangement, tab: string, into = arrangement.active): Arrangement {
  if (groupWith(arrangement, tab)) return activate(arrangement, tab);
  const groups = groupsOf(arrangement);
  const group = groups.find(({ id }) => id === into) ?? groups[0];
  if (!group) {
    const id = newGroup(arrangement);
    return { root: { kind: "group", id, tabs: [tab], shown: tab }, active: id };
  }
  return place(arrangement, tab, group, group.tabs.indexOf(group.shown) + 1);
}

/** Close a tab; its neighbour is shown instead, and an emptied group goes. */
export function close(arrangement: Arrangement, tab: string): Arrangement {
  const group = groupWith(arrangement, tab);
  if (!group) return arrangement;
  const at = group.tabs.indexOf(tab);
  const tabs = group.tabs.filter((other) => other !== tab);
  const shown = group.shown === tab ? (tabs[Math.min(at, tabs.length - 1)] ?? "") : group.shown;
  const root = replace(arrangement.root, group.id, tabs.length ? { ...group, tabs, shown } : null);
  return settle({ root, active: arrangement.active });
}

/** Move a tab to a place among the tabs of a group, counted as they are before the move. */
export function move(arrangement: Arrangement, tab: string, into: string, at: number): Arrangement {
  const from = groupWith(arrangement, tab);
  const target = groupsOf(arrangement).find(({ id }) => id === into);
  if (!from || !target) return arrangement;
  if (from.id !== target.id) return place(close(arrangement, tab), tab, target, at);
  const before = from.tabs.slice(0, at).filter((other) => other !== tab);
  const after = from.tabs.slice(at).filter((other) => other !== tab);
  return activate({ ...arrangement, root: replace(arrangement.root, from.id, { ...from, tabs: [...before, tab, ...after] }) }, tab);
}

/** Put a tab, open already or not, into a group of its own at a side of another group. */
export function split(arrangement: Arrangement, tab: string, beside: string, side: Side): Arrangement {
  const target = groupsOf(arrangement).find(({ id }) => id === beside);
  if (!target || (target.tabs.length === 1 && target.tabs[0] === tab)) return arrangement;
  const id = newGroup(arrangement);
  const made: Group = { kind: "group", id, tabs: [tab], shown: tab };
  const without = close(arrangement, tab);
  const left = groupsOf(without).find((group) => group.id === beside);
  if (!left) return arrangement;
  const direction: Direction = side === "left" || side === "right" ? "row" : "column";
  const first = side === "left" || side === "above";
  const pair: Split = { kind: "split", direction, children: first ? [made, left] : [left, made], sizes: [0.5, 0.5] };
  return settle({ root: replace(without.root, beside, pair), active: id });
}

/** Give the children of a split other sizes. `path` leads to it by places of children from the root. */
export function resize(arrangement: Arrangement, path: readonly number[], sizes: readonly number[]): Arrangement {
  const change = (node: Node, rest: readonly number[]): Node => {
    if (node.kind === "group") return node;
    const [at, ...deeper] = rest;
    if (at === undefined) return sizes.length === node.children.length ? { ...node, sizes: fractions(sizes) } : node;
    return { ...node, children: node.children.map((child, index) => (index === at ? change(child, deeper) : child)) };
  };
  return arrangement.root ? { ...arrangement, root: change(arrangement.root, path) } : arrangement;
}

/** Put another tab in the place of one, as when a file is renamed; one that is open elsewhere already is only shown. */
export function substitute(arrangement: Arrangement, from: string, to: string): Arrangement {
  const group = groupWith(arrangement, from);
  if (!group || from === to) return arrangement;
  if (groupWith(arrangement, to)) return close(arrangement, from);
  const tabs = group.tabs.map((tab) => (tab === from ? to : tab));
  return { ...arrangement, root: replace(arrangement.root, group.id, { ...group, tabs, shown: group.shown === from ? to : group.shown }) };
}

const MOST_TABS = 200;
const DEEPEST = 12;

/** What of a saved value is an arrangement of tabs that `known` accepts: each once, and nothing empty. */
export function readArrangement(saved: unknown, known: (tab: string) => boolean): Arrangement {
  if (!isRecord(saved)) return NOTHING;
  const seen = new Set<string>();
  const ids = new Set<string>();
  const take = (tab: unknown): tab is string => {
    if (typeof tab !== "string" || seen.has(tab) || seen.size >= MOST_TABS || !known(tab)) return false;
    seen.add(tab);
    return true;
  };
  const read = (value: unknown, depth: number): Node | null => {
    if (!isRecord(value) || depth > DEEPEST) return null;
    if (value.kind === "group" && Array.isArray(value.tabs)) {
      const tabs = value.tabs.filter(take);
      const [first] = tabs;
      if (first === undefined) return null;
      const id = typeof value.id === "string" && !ids.has(value.id) ? value.id : `${ids.size}-read`;
      ids.add(id);
      return { kind: "group", id, tabs, shown: tabs.find((tab) => tab === value.shown) ?? first };
    }
    if (value.kind !== "split" || !Array.isArray(value.children)) return null;
    const inside: unknown[] = value.children;
    const sizes: unknown[] = Array.isArray(value.sizes) ? value.sizes : [];
    const children: Node[] = [];
    const kept: number[] = [];
    inside.forEach((child, index) => {
      const node = read(child, depth + 1);
      if (!node) return;
      children.push(node);
      const size = sizes[index];
      kept.push(typeof size === "number" && size > 0 && size <= 1 ? size : 1 / inside.length);
    });
    return children.length ? { kind: "split", direction: value.direction === "column" ? "column" : "row", children, sizes: kept } : null;
  };
  return settle({ root: read(saved.root, 0), active: typeof saved.active === "string" ? saved.active : "" });
}

function place(arrangement: Arrangement, tab: string, group: Group, at: number): Arrangement {
  const tabs = [...group.tabs.slice(0, at), tab, ...group.tabs.slice(at)];
  return { root: replace(arrangement.root, group.id, { ...group, tabs, shown: tab }), active: group.id };
}

function replace(node: Node | null, id: string, by: Node | null): Node | null {
  if (!node) return null;
  if (node.kind === "group") return node.id === id ? by : node;
  const children: Node[] = [];
  const sizes: number[] = [];
  node.children.forEach((child, index) => {
    const kept = replace(child, id, by);
    if (!kept) return;
    children.push(kept);
    sizes.push(node.sizes[index] ?? 0);
  });
  return children.length ? { ...node, children, sizes } : null;
}

/** Bring an arrangement back to its invariants after a change of its tree. */
function settle({ root, active }: Arrangement): Arrangement {
  const tidy = (node: Node): Node => {
    if (node.kind === "group") return node;
    const children: Node[] = [];
    const sizes: number[] = [];
    node.children.map(tidy).forEach((child, index) => {
      const size = node.sizes[index] ?? 0;
      if (child.kind === "split" && child.direction === node.direction) {
        children.push(...child.children);
        sizes.push(...child.sizes.map((part) => part * size));
      } else {
        children.push(child);
        sizes.push(size);
      }
    });
    const [only] = children;
    return children.length === 1 && only ? only : { ...node, children, sizes: fractions(sizes) };
  };
  const settled = root ? tidy(root) : null;
  const groups = groupsOf({ root: settled, active });
  return { root: settled, active: groups.some(({ id }) => id === active) ? active : (groups[0]?.id ?? "") };
}

function fractions(sizes: readonly number[]): number[] {
  const sum = sizes.reduce((total, size) => total + size, 0);
  return sizes.map((size) => (sum > 0 ? size / sum : 1 / sizes.length));
}

function newGroup(arrangement: Arrangement): string {
  const taken = new Set(groupsOf(arrangement).map(({ id }) => id));
  for (let number = 1; ; number++) if (!taken.has(String(number))) return String(number);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
