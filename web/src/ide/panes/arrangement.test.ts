import { describe, expect, it } from "vitest";
import * as panes from "./arrangement";
import { NOTHING, type Arrangement, type Node, type Side } from "./arrangement";
import { sideAt } from "./dragging";

/** An arrangement in brief: groups as their tabs with the shown one marked, splits as lists. */
function brief({ root }: Arrangement): unknown {
  const write = (node: Node): unknown =>
    node.kind === "group" ? node.tabs.map((tab) => (tab === node.shown ? `${tab}*` : tab)).join(" ") : { [node.direction]: node.children.map(write) };
  return root ? write(root) : null;
}

const opened = (...tabs: string[]) => tabs.reduce((all, tab) => panes.open(all, tab), NOTHING);
const beside = (all: Arrangement, tab: string, side: Side) => panes.split(all, tab, all.active, side);

describe("tabs in panes", () => {
  it("open beside the shown one, once", () => {
    const all = panes.activate(opened("a", "b"), "a");
    expect(brief(panes.open(all, "c"))).toBe("a c* b");
    expect(brief(panes.open(all, "b"))).toBe("a b*");
    expect(panes.open(all, "a")).toBe(all);
  });

  it("close, showing their neighbour", () => {
    const all = opened("a", "b", "c");
    expect(brief(panes.close(all, "c"))).toBe("a b*");
    expect(brief(panes.close(panes.activate(all, "a"), "a"))).toBe("b* c");
    expect(brief(panes.close(all, "a"))).toBe("b c*");
    expect(panes.close(opened("a"), "a")).toEqual(NOTHING);
    expect(panes.close(all, "z")).toBe(all);
  });

  it("split off to every side", () => {
    const all = opened("a", "b");
    expect(brief(beside(all, "b", "right"))).toEqual({ row: ["a*", "b*"] });
    expect(brief(beside(all, "b", "left"))).toEqual({ row: ["b*", "a*"] });
    expect(brief(beside(all, "b", "above"))).toEqual({ column: ["b*", "a*"] });
    expect(brief(beside(all, "c", "below"))).toEqual({ column: ["a b*", "c*"] });
    const alone = opened("a");
    expect(beside(alone, "a", "right")).toBe(alone);
  });

  it("never nest splits of one direction, and fold up what is left over", () => {
    const three = beside(beside(opened("a", "b", "c"), "b", "right"), "c", "right");
    expect(brief(three)).toEqual({ row: ["a*", "b*", "c*"] });
    expect(brief(panes.close(panes.close(three, "b"), "c"))).toBe("a*");
  });

  it("move within and between groups", () => {
    const all = opened("a", "b", "c");
    expect(brief(panes.move(all, "c", "1", 0))).toBe("c* a b");
    expect(brief(panes.move(all, "a", "1", 3))).toBe("b c a*");
    expect(brief(panes.move(all, "b", "1", 1))).toBe("a b* c");
    const two = beside(all, "c", "right");
    expect(brief(panes.move(two, "a", two.active, 0))).toEqual({ row: ["b*", "a* c"] });
    expect(brief(panes.move(two, "c", "1", 1))).toBe("a c* b");
  });

  it("take another's place when a file is renamed", () => {
    expect(brief(panes.substitute(opened("a", "b"), "a", "z"))).toBe("z b*");
    expect(brief(panes.substitute(opened("a", "b"), "b", "z"))).toBe("a z*");
    expect(brief(panes.substitute(opened("a", "b"), "a", "b"))).toBe("b*");
  });

  it("keep the sizes they are given", () => {
    const two = panes.resize(beside(opened("a", "b"), "b", "right"), [], [3, 1]);
    expect(two.root).toMatchObject({ sizes: [0.75, 0.25] });
    expect(panes.resize(two, [], [1]).root).toMatchObject({ sizes: [0.75, 0.25] });
    expect(panes.resize(two, [7], [1, 1]).root).toMatchObject({ sizes: [0.75, 0.25] });
  });
});

/** Numbers from 0 to 1 that are the same in every run of a seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function check(all: Arrangement): void {
  const groups = panes.groupsOf(all);
  const tabs = panes.tabsIn(all);
  expect(new Set(tabs).size).toBe(tabs.length);
  expect(new Set(groups.map(({ id }) => id)).size).toBe(groups.length);
  for (const group of groups) expect(group.tabs).toContain(group.shown);
  expect(groups.length ? groups.map(({ id }) => id) : [""]).toContain(all.active);
  const walk = (node: Node): void => {
    if (node.kind === "group") return;
    expect(node.children.length).toBeGreaterThan(1);
    expect(node.sizes.reduce((sum, size) => sum + size, 0)).toBeCloseTo(1);
    for (const child of node.children) {
      expect(child.kind === "split" && child.direction === node.direction).toBe(false);
      walk(child);
    }
  };
  if (all.root) walk(all.root);
}

describe("any sequence of changes", () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed))("keeps the invariants, and survives being saved: %i", (seed) => {
    const next = random(seed + 1);
    const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)] as T;
    let all = NOTHING;
    for (let step = 0; step < 60; step++) {
      const tab = pick(["a", "b", "c", "d", "e", "f", "g"]);
      const group = pick([...panes.groupsOf(all).map(({ id }) => id), "none"]);
      const before = JSON.stringify(all);
      const after = pick([
        () => panes.open(all, tab, group),
        () => panes.close(all, tab),
        () => panes.activate(all, tab),
        () => panes.move(all, tab, group, Math.floor(next() * 4)),
        () => panes.split(all, tab, group, pick<Side>(["left", "right", "above", "below"])),
        () => panes.split(all, tab, group, pick<Side>(["left", "right", "above", "below"])),
        () => panes.substitute(all, tab, pick(["h", "a", "b"])),
      ])();
      expect(JSON.stringify(all)).toBe(before);
      check(after);
      const read = panes.readArrangement(JSON.parse(JSON.stringify(after)), () => true);
      expect(brief(read)).toEqual(brief(after));
      expect(read.active).toBe(after.active);
      all = after;
    }
  });
});

describe("reading what was saved", () => {
  const group = (id: string, ...tabs: string[]) => ({ kind: "group", id, tabs, shown: tabs[0] });
  const read = (root: unknown, active: unknown = "1") => panes.readArrangement({ root, active }, (tab) => /^[a-z]$/.test(tab));

  it.each([null, 7, "x", [], {}, { root: 3 }, { root: { kind: "split", children: [] } }, { root: { kind: "group", tabs: "abc" } }])("gives nothing for %j", (saved) => {
    expect(panes.readArrangement(saved, () => true)).toEqual(NOTHING);
  });

  it("leaves out unknown and doubled tabs, empty groups and splits of one", () => {
    const saved = { kind: "split", direction: "row", sizes: [0.2, "x", -1], children: [group("1", "a", "A", "a"), group("1", "a", "b"), group("3", "??"), null] };
    const all = read(saved, "gone");
    expect(brief(all)).toEqual({ row: ["a*", "b*"] });
    check(all);
  });

  it("bounds depth and number", () => {
    let deep: unknown = group("1", "a");
    for (let level = 0; level < 50; level++) deep = { kind: "split", direction: "row", children: [deep], sizes: [1] };
    expect(read(deep)).toEqual(NOTHING);
    const many = Array.from({ length: 900 }, (_, index) => `f${index}`);
    expect(panes.tabsIn(panes.readArrangement({ root: group("1", ...many), active: "1" }, () => true))).toHaveLength(200);
  });
});

describe("dropping on a pane", () => {
  it("splits near an edge, and joins in the middle", () => {
    expect(sideAt(0.5, 0.5)).toBeNull();
    expect(sideAt(0.1, 0.5)).toBe("left");
    expect(sideAt(0.95, 0.8)).toBe("right");
    expect(sideAt(0.5, 0.05)).toBe("above");
    expect(sideAt(0.4, 0.9)).toBe("below");
  });
});
