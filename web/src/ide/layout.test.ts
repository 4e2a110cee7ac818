import { describe, expect, it } from "vitest";
import { emptyLayout, isPath, isWithin, openedName, openedTab, readLayout, readPanes, tabId, tabOf, tabsOf, withTabs, type Tab } from "./layout";

const leaf = (id: string, views: string[], activeView = views[0]) => ({ type: "leaf", size: 500, data: { id, views, activeView } });
const panes = (...data: unknown[]) => ({
  grid: { root: { type: "branch", size: 700, data }, width: 1000, height: 700, orientation: "HORIZONTAL" },
  panels: {},
  activeGroup: "2",
});
const file = (path: string): Tab => ({ kind: "editor", path });

describe("tabs", () => {
  it.each([file("src/a b.py"), file("terminal:1"), { kind: "terminal", terminal: 3 } as Tab])("are told apart by their identity: %j", (tab) => {
    expect(tabOf(tabId(tab))).toEqual(tab);
    expect(openedTab(openedName(tab))).toEqual(tab);
  });

  it.each(["file:", "file:../etc/passwd", "file:/etc/passwd", "file:a//b", "terminal:x", "terminal:-1", "chat:1", ""])("are none of ours: %s", (id) => {
    expect(tabOf(id)).toBeNull();
  });
});

describe("paths", () => {
  it("stay within the files", () => {
    for (const bad of ["", ".", "..", "a/../b", "/a", "a/", "a\0b", 7, null]) expect(isPath(bad)).toBe(false);
    expect(isPath("a/b c/.git")).toBe(true);
    expect(isWithin("src/a", "src")).toBe(true);
    expect(isWithin("src2/a", "src")).toBe(false);
    expect(isWithin("a", "")).toBe(true);
  });
});

describe("reading a layout", () => {
  it.each([null, undefined, 7, "layout", [], {}, { version: 99 }, { version: 1, panes: { grid: {} }, expanded: "no", side: 3 }])(
    "makes something usable of %j",
    (saved) => expect(readLayout(saved)).toEqual(emptyLayout()),
  );

  it("survives being written and read", () => {
    const layout = { ...emptyLayout(), side: { open: false, width: 300 }, expanded: ["src"], panes: readPanes(panes(leaf("1", ["file:a", "terminal:2"], "terminal:2"), leaf("2", ["file:b"]))) };
    expect(readLayout(JSON.parse(JSON.stringify(layout)))).toEqual(layout);
  });

  it("keeps the side bar between its bounds", () => {
    expect(readLayout({ version: 1, side: { open: true, width: 9 } }).side.width).toBe(180);
    expect(readLayout({ version: 1, side: { open: true, width: NaN } }).side.width).toBe(emptyLayout().side.width);
  });

  it("leaves out tabs that are not ours, doubled ones and empty groups", () => {
    const read = readPanes(panes(leaf("1", ["file:a", "chat:1", "file:a"], "chat:1"), leaf("2", ["nothing"]), { type: "branch", data: [leaf("3", ["file:a", "file:b"])] }, null));
    expect(tabsOf(read)).toEqual([file("a"), file("b")]);
    expect(JSON.stringify(read)).not.toContain("chat:1");
    expect(read?.activeGroup).toBeUndefined();
  });

  it("has no panes when no tab is left", () => {
    expect(readPanes(panes(leaf("1", ["chat:1"])))).toBeNull();
  });

  it("bounds depth and number", () => {
    let deep: unknown = leaf("1", ["file:a"]);
    for (let level = 0; level < 50; level++) deep = { type: "branch", data: [deep] };
    expect(readPanes(panes(deep))).toBeNull();
    const many = Array.from({ length: 900 }, (_, index) => `file:f${index}`);
    expect(tabsOf(readPanes(panes(leaf("1", many))))).toHaveLength(200);
  });

  it("gives groups of the same name different ones", () => {
    const read = readPanes(panes(leaf("1", ["file:a"]), leaf("1", ["file:b"])));
    const ids = (read?.grid.root.data as { data: { id: string } }[]).map((group) => group.data.id);
    expect(new Set(ids).size).toBe(2);
  });
});

describe("tabs changed on a narrow screen", () => {
  const wide = readPanes(panes(leaf("1", ["file:a", "file:b"]), leaf("2", ["file:c"])));

  it("leave the arrangement, but for what was closed and opened", () => {
    const after = withTabs(wide, [file("a"), file("c"), file("d")], file("d"));
    const groups = (after?.grid.root.data as { data: { views: string[]; activeView: string } }[]).map((group) => group.data);
    expect(groups).toMatchObject([{ views: ["file:a"] }, { views: ["file:c", "file:d"], activeView: "file:d" }]);
  });

  it("leave nothing when all are closed, and begin one group when there was nothing", () => {
    expect(withTabs(wide, [], null)).toBeNull();
    expect(tabsOf(withTabs(null, [file("x")], file("x")))).toEqual([file("x")]);
  });
});
