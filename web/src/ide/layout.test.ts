import { describe, expect, it } from "vitest";
import { emptyLayout, readLayout } from "./layout";
import { open, split } from "./panes/arrangement";
import { isPath, isWithin, joinPath } from "./paths";
import { openedName, openedTab, tabId, tabOf, type Tab } from "./tabs";

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
    expect([joinPath("", "a"), joinPath("a", ""), joinPath("a", "b")]).toEqual(["a", "a", "a/b"]);
  });
});

describe("reading a layout", () => {
  it.each([null, undefined, 7, "layout", [], {}, { version: 99 }, { version: 1, panes: { grid: {} }, expanded: "no", side: 3 }])(
    "makes something usable of %j",
    (saved) => expect(readLayout(saved)).toEqual(emptyLayout()),
  );

  it("survives being written and read", () => {
    let panes = open(open(emptyLayout().panes, "file:a"), "terminal:2");
    panes = split(panes, "terminal:2", panes.active, "below");
    const layout = { ...emptyLayout(), side: { open: false, width: 300 }, expanded: ["src"], hidden: true, panes };
    expect(readLayout(JSON.parse(JSON.stringify(layout)))).toEqual(layout);
  });

  it("leaves out what is no tab of this page", () => {
    const panes = { root: { kind: "group", id: "1", tabs: ["file:a", "chat:1", "file:../b"], shown: "chat:1" }, active: "1" };
    expect(readLayout({ version: 1, panes }).panes.root).toEqual({ kind: "group", id: "1", tabs: ["file:a"], shown: "file:a" });
  });

  it("keeps the side bar between its bounds", () => {
    expect(readLayout({ version: 1, side: { open: true, width: 9 } }).side.width).toBe(180);
    expect(readLayout({ version: 1, side: { open: true, width: NaN } }).side.width).toBe(emptyLayout().side.width);
  });
});
