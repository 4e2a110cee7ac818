/** The file tree on the screen: only visible rows are drawn, the keyboard walks it as assistive technology expects. */
import { useCallback, useEffect, useLayoutEffect, useRef, useState, type DragEvent, type KeyboardEvent } from "react";
import { useIde } from "../ide/context";
import { folderOf } from "../ide/paths";
import { PATH_DRAG } from "../ide/panes/dragging";
import { useStore } from "../ide/useStore";
import { finishNaming, moveInto, newTerminal, remove, upload, whyNotWrite } from "./actions";
import { fromDrop } from "./dropped";
import { FileMenu, type MenuPlace } from "./FileMenu";
import { NameInput } from "./NameInput";
import { TreeRow } from "./TreeRow";
import { moveTarget, type Row } from "./tree";
import classes from "./FileTree.module.css";

const ROW_HEIGHT = 26;
const ROW_HEIGHT_TOUCH = 36;
const BEYOND = 8;
/** How long something dragged rests on a closed folder before it opens, in milliseconds. */
const OPEN_AFTER = 600;

/** What is drawn: a row of the tree, or the input for a new name in its place. */
type Line = { row: Row } | { naming: true; level: number };

export function FileTreeView({ onOpened }: { onOpened?: () => void }) {
  const ide = useIde();
  const { tree } = ide.session;
  useStore(tree);
  const rows = tree.rows();
  const lines = withNaming(rows, tree.naming);
  const height = useRowHeight();
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const [menu, setMenu] = useState<MenuPlace | null>(null);
  const [over, setOver] = useState<string | null>(null);
  const opening = useRef<ReturnType<typeof setTimeout>>(undefined);
  const typed = useRef({ text: "", at: 0 });
  const writable = whyNotWrite(ide) === "";

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const measure = () => setView({ top: element.scrollTop, height: element.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const { active } = useStore(ide.session.dock);
  const shown = active?.kind === "editor" ? active.path : "";
  useEffect(() => {
    if (shown) tree.focus(shown);
  }, [tree, shown]);

  const focusedAt = lines.findIndex((line) => ("naming" in line ? tree.naming?.kind !== "rename" : line.row.path === tree.focused));
  useEffect(() => {
    const element = scroller.current;
    if (!element || focusedAt < 0) return;
    const top = focusedAt * height;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + height > element.scrollTop + element.clientHeight) element.scrollTop = top + height - element.clientHeight;
  }, [focusedAt, height]);

  const choose = useCallback(
    (row: Row) => {
      tree.focus(row.path);
      if (row.kind === "folder") tree.toggle(row.path);
      else if (row.kind === "file") {
        ide.open(row.path);
        onOpened?.();
      } else ide.notify({ kind: "warning", sentence: `${row.name} leads out of the workspace's files or nowhere, so it cannot be opened.` });
    },
    [ide, tree, onOpened],
  );

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    if (event.target !== event.currentTarget || event.metaKey || event.ctrlKey || event.altKey) return;
    const at = rows.findIndex((row) => row.path === tree.focused);
    const row = rows[at];
    const go = (index: number) => {
      const target = rows[Math.max(0, Math.min(rows.length - 1, index))];
      if (target) tree.focus(target.path);
    };
    const page = Math.max(1, Math.floor(view.height / height) - 1);
    const keys: Record<string, () => void> = {
      ArrowDown: () => go(at + 1),
      ArrowUp: () => go(at < 0 ? rows.length - 1 : at - 1),
      Home: () => go(0),
      End: () => go(rows.length - 1),
      PageDown: () => go(at + page),
      PageUp: () => go(at - page),
      ArrowRight: () => {
        if (row?.kind !== "folder") return;
        if (row.expanded) {
          if (rows[at + 1]?.level === row.level + 1) go(at + 1);
        } else tree.expand(row.path);
      },
      ArrowLeft: () => {
        if (!row) return;
        if (row.expanded) tree.collapse(row.path);
        else if (folderOf(row.path)) tree.focus(folderOf(row.path));
      },
      Enter: () => row && choose(row),
      " ": () => row && choose(row),
      F2: () => row && writable && tree.name({ kind: "rename", path: row.path }),
      Delete: () => row && writable && void remove(ide, row.path, row.kind === "folder"),
      ContextMenu: () => row && openMenuAt(row, at),
      "*": () => rows.filter((one) => one.kind === "folder" && folderOf(one.path) === folderOf(row?.path ?? "")).forEach((one) => tree.expand(one.path)),
    };
    const act = event.shiftKey && event.key === "F10" ? keys.ContextMenu : keys[event.key];
    if (act) {
      event.preventDefault();
      // A menu that is opened by a key must not see that key as one pressed outside of it.
      event.stopPropagation();
      act();
    } else if (event.key.length === 1) {
      event.preventDefault();
      findByLetter(event.key, at);
    }
  };

  const findByLetter = (letter: string, at: number) => {
    const now = performance.now();
    typed.current = { text: now - typed.current.at < 700 ? typed.current.text + letter : letter, at: now };
    const wanted = typed.current.text.toLocaleLowerCase();
    const from = wanted.length > 1 ? at : at + 1;
    const ordered = [...rows.slice(Math.max(0, from)), ...rows.slice(0, Math.max(0, from))];
    const found = ordered.find((row) => row.name.toLocaleLowerCase().startsWith(wanted));
    if (found) tree.focus(found.path);
  };

  const openMenuAt = (row: Row, index: number) => {
    const box = scroller.current?.getBoundingClientRect();
    if (box) setMenu({ row, x: box.left + 40, y: box.top + (index + 1) * height - (scroller.current?.scrollTop ?? 0) });
  };

  /** The folder that something dropped on a row goes to. */
  const folderUnder = (row: Row | null) => (row === null ? "" : row.kind === "folder" ? row.path : folderOf(row.path));

  const onDragOver = (event: DragEvent, row: Row | null) => {
    const own = event.dataTransfer.types.includes(PATH_DRAG);
    if (!writable || (!own && !event.dataTransfer.types.includes("Files"))) return;
    event.preventDefault();
    event.stopPropagation();
    event.dataTransfer.dropEffect = own ? "move" : "copy";
    const folder = folderUnder(row);
    if (folder === over) return;
    setOver(folder);
    clearTimeout(opening.current);
    if (folder && !tree.isExpanded(folder)) opening.current = setTimeout(() => tree.expand(folder), OPEN_AFTER);
  };

  const endDrag = () => {
    clearTimeout(opening.current);
    setOver(null);
  };

  const onDrop = (event: DragEvent, row: Row | null) => {
    const folder = folderUnder(row);
    event.preventDefault();
    event.stopPropagation();
    endDrag();
    if (!writable) return;
    const source = event.dataTransfer.getData(PATH_DRAG);
    if (source) {
      if (moveTarget(source, folder) !== null) void moveInto(ide, source, folder);
    } else void upload(ide, folder, fromDrop(event.dataTransfer));
  };

  const first = Math.max(0, Math.floor(view.top / height) - BEYOND);
  const last = Math.min(lines.length, Math.ceil((view.top + view.height) / height) + BEYOND);
  return (
    <>
      <div
        ref={scroller}
        className={classes.tree}
        role="tree"
        aria-label="Files"
        tabIndex={0}
        aria-activedescendant={focusedAt >= 0 ? rowId(tree.focused) : undefined}
        data-over={over === "" || undefined}
        onScroll={(event) => setView({ top: event.currentTarget.scrollTop, height: event.currentTarget.clientHeight })}
        onKeyDown={onKeyDown}
        onFocus={() => !tree.focused && rows[0] && tree.focus(rows[0].path)}
        onDragOver={(event) => onDragOver(event, null)}
        onDragLeave={(event) => event.currentTarget.contains(event.relatedTarget as Node | null) || endDrag()}
        onDrop={(event) => onDrop(event, null)}
        onContextMenu={(event) => {
          event.preventDefault();
          setMenu({ row: null, x: event.clientX, y: event.clientY });
        }}
      >
        <div className={classes.lines} role="presentation" style={{ height: lines.length * height }}>
          {lines.slice(first, last).map((line, index) => {
            const top = (first + index) * height;
            if ("naming" in line || (tree.naming?.kind === "rename" && tree.naming.path === line.row.path)) {
              const naming = tree.naming;
              if (!naming) return null;
              return (
                <NameInput
                  key="naming"
                  naming={naming}
                  level={"naming" in line ? line.level : line.row.level}
                  style={{ top, height }}
                  taken={tree.names(naming.kind === "rename" ? folderOf(naming.path) : naming.folder)}
                  onCancel={() => {
                    tree.name(null);
                    scroller.current?.focus();
                  }}
                  onName={(name) => {
                    scroller.current?.focus();
                    void finishNaming(ide, naming, name);
                  }}
                />
              );
            }
            const { row } = line;
            return (
              <TreeRow
                key={row.path}
                id={rowId(row.path)}
                row={row}
                style={{ top, height }}
                focused={row.path === tree.focused}
                under={over !== null && over !== "" && (row.path === over || row.path.startsWith(`${over}/`))}
                draggable={writable}
                onChoose={() => choose(row)}
                onDragStart={(event) => {
                  event.dataTransfer.setData(PATH_DRAG, row.path);
                  event.dataTransfer.effectAllowed = "move";
                }}
                onDragOver={(event) => onDragOver(event, row)}
                onDrop={(event) => onDrop(event, row)}
                onDragEnd={endDrag}
                onMenu={(event) => {
                  event.preventDefault();
                  event.stopPropagation();
                  tree.focus(row.path);
                  setMenu({ row, x: event.clientX, y: event.clientY });
                }}
              />
            );
          })}
        </div>
        {tree.ready && lines.length === 0 && (
          <p className={classes.hint}>{writable ? "No files yet. Create one above, or drop files here." : "No files yet."}</p>
        )}
        {!tree.ready && <p className={classes.hint}>{tree.problem || "Reading the files…"}</p>}
      </div>
      {menu && <FileMenu place={menu} onClose={() => setMenu(null)} onTerminal={(folder) => void newTerminal(ide, folder)} />}
    </>
  );
}

function rowId(path: string): string {
  return `file-${encodeURIComponent(path)}`;
}

/** The rows, with a line for a new name right below its folder. */
function withNaming(rows: readonly Row[], naming: { kind: string; folder?: string } | null): Line[] {
  const lines: Line[] = rows.map((row) => ({ row }));
  if (!naming || naming.folder === undefined) return lines;
  const parent = rows.findIndex((row) => row.path === naming.folder);
  lines.splice(parent + 1, 0, { naming: true, level: parent < 0 ? 1 : (rows[parent]?.level ?? 0) + 1 });
  return lines;
}

function useRowHeight(): number {
  const [coarse, setCoarse] = useState(() => matchMedia("(pointer: coarse)").matches);
  useEffect(() => {
    const query = matchMedia("(pointer: coarse)");
    const listen = () => setCoarse(query.matches);
    query.addEventListener("change", listen);
    return () => query.removeEventListener("change", listen);
  }, []);
  return coarse ? ROW_HEIGHT_TOUCH : ROW_HEIGHT;
}
