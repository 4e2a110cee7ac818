/** The file tree as data: which folders are known and expanded, kept fresh by the workspace, and the rows to draw. */
import { RequestError, type Channel } from "../wire/channel";
import type { FileEntry } from "../wire/generated";
import { folderOf, isWithin, joinPath } from "../ide/paths";

export interface Row {
  path: string;
  name: string;
  kind: FileEntry["kind"];
  size: number;
  ignored: boolean;
  /** 1 for names in the root. */
  level: number;
  /** Place among its siblings from 1, and how many there are: what assistive technology is told. */
  place: number;
  siblings: number;
  expanded: boolean;
  /** The folder is expanded and its names are on their way. */
  loading: boolean;
  /** Why the folder's names could not be read; empty when they could. */
  problem: string;
}

/** What is being named in place: a new name in `folder`, or another one for `path`. */
export type Naming = { kind: "file" | "folder"; folder: string } | { kind: "rename"; path: string };

interface Folder {
  entries: readonly FileEntry[] | null;
  problem: string;
}

/** git's own store, which nobody edits by hand: shown only to whoever asks for it. Other dot files are files like any. */
const HIDDEN = ".git";

export class FileTree {
  /** Path the keyboard is at; empty: none. */
  focused = "";
  naming: Naming | null = null;
  /** Whether git's own store is shown. */
  showsHidden = false;

  private folders = new Map<string, Folder>();
  private expanded: Set<string>;
  private cached: readonly Row[] | null = null;
  private version = 0;
  private listeners = new Set<() => void>();
  private asked = new Map<string, number>();
  private askings = 0;
  private stops: (() => void)[];

  constructor(
    private readonly channel: Channel,
    expanded: readonly string[] = [],
    private readonly onExpanded: (expanded: string[]) => void = () => undefined,
  ) {
    this.expanded = new Set(expanded);
    this.stops = [
      channel.onOpen(() => {
        this.watch();
        for (const folder of this.shown()) void this.list(folder);
      }),
      channel.on("FilesChanged", ({ folders }) => {
        for (const folder of folders) if (this.folders.has(folder) || folder === "") void this.list(folder);
      }),
    ];
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Changes whenever anything of the tree does. */
  snapshot = (): number => this.version;

  /** Whether the root has been listed at all. */
  get ready(): boolean {
    return this.folders.get("")?.entries != null;
  }

  /** Why the root could not be listed. */
  get problem(): string {
    return this.folders.get("")?.problem ?? "";
  }

  /** The rows from top to bottom, the same array until something changes. */
  rows(): readonly Row[] {
    if (this.cached) return this.cached;
    const rows: Row[] = [];
    this.collect("", 1, rows);
    this.cached = rows;
    return rows;
  }

  /** Names already taken in a folder, as far as it is known. */
  names(folder: string): readonly string[] {
    return this.folders.get(folder)?.entries?.map((entry) => entry.name) ?? [];
  }

  isFolder(path: string): boolean {
    if (path === "") return true;
    const name = path.slice(path.lastIndexOf("/") + 1);
    return this.folders.get(folderOf(path))?.entries?.find((entry) => entry.name === name)?.kind === "folder";
  }

  isExpanded(path: string): boolean {
    return this.expanded.has(path);
  }

  /** Read a folder's names again. */
  async list(folder: string): Promise<void> {
    const asking = ++this.askings;
    this.asked.set(folder, asking);
    const known = this.folders.get(folder);
    if (!known) this.folders.set(folder, { entries: null, problem: "" });
    try {
      const answer = await this.channel.request({ type: "FileList", path: folder });
      // Only the newest question's answer counts: an older one may overtake it.
      if (answer.type !== "FileListing" || this.asked.get(folder) !== asking) return;
      this.folders.set(folder, { entries: answer.entries, problem: "" });
      this.changed();
    } catch (error) {
      if (this.asked.get(folder) !== asking || !(error instanceof RequestError)) return;
      // A connection that is gone says nothing about the folder: what was known stays shown until it is back.
      if (error.code === "unavailable" && known?.entries) return;
      if (error.code === "not-found" && folder) this.forget(folder);
      else this.folders.set(folder, { entries: known?.entries ?? null, problem: error.code === "unavailable" ? "" : error.sentence });
      this.changed();
    }
  }

  expand(path: string): void {
    if (this.expanded.has(path)) return;
    this.expanded.add(path);
    void this.list(path);
    this.expansionChanged();
  }

  collapse(path: string): void {
    if (!this.expanded.delete(path)) return;
    this.expansionChanged();
  }

  collapseAll(): void {
    this.expanded.clear();
    this.expansionChanged();
  }

  toggle(path: string): void {
    if (this.expanded.has(path)) this.collapse(path);
    else this.expand(path);
  }

  /** Expand every folder above `path` and put the keyboard there. */
  async reveal(path: string): Promise<void> {
    const parts = path.split("/");
    for (let count = 1; count < parts.length; count++) {
      const folder = parts.slice(0, count).join("/");
      if (!this.expanded.has(folder)) {
        this.expanded.add(folder);
        await this.list(folder);
      }
    }
    this.focused = path;
    this.expansionChanged();
  }

  showHidden(shows: boolean): void {
    this.showsHidden = shows;
    this.changed();
  }

  focus(path: string): void {
    if (this.focused === path) return;
    this.focused = path;
    this.changed();
  }

  /** Begin naming in place; a new name's folder is expanded first. */
  name(naming: Naming | null): void {
    this.naming = naming;
    if (naming && naming.kind !== "rename" && naming.folder) this.expand(naming.folder);
    this.changed();
  }

  /** A folder went to another path: what was expanded in it stays so. */
  moved(source: string, target: string): void {
    const renamed = [...this.expanded].filter((path) => isWithin(path, source));
    for (const path of renamed) {
      this.expanded.delete(path);
      this.expanded.add(target + path.slice(source.length));
    }
    if (isWithin(this.focused, source) && this.focused) this.focused = target + this.focused.slice(source.length);
    if (renamed.length) {
      for (const path of renamed) void this.list(target + path.slice(source.length));
      this.expansionChanged();
    } else this.changed();
  }

  stop(): void {
    for (const stop of this.stops) stop();
  }

  private shown(): string[] {
    return ["", ...this.expanded];
  }

  private watch(): void {
    this.channel.send({ type: "FileWatch", folders: this.shown() });
  }

  private forget(folder: string): void {
    for (const path of [...this.folders.keys()]) if (path && isWithin(path, folder)) this.folders.delete(path);
    let any = false;
    for (const path of [...this.expanded]) if (isWithin(path, folder)) any = this.expanded.delete(path) || any;
    if (any) {
      this.watch();
      this.onExpanded([...this.expanded]);
    }
  }

  private expansionChanged(): void {
    this.watch();
    this.onExpanded([...this.expanded]);
    this.changed();
  }

  private changed(): void {
    this.cached = null;
    this.version++;
    for (const listener of [...this.listeners]) listener();
  }

  private collect(folder: string, level: number, rows: Row[]): void {
    const entries = this.folders.get(folder)?.entries?.filter((entry) => this.showsHidden || entry.name !== HIDDEN) ?? [];
    entries.forEach((entry, index) => {
      const path = joinPath(folder, entry.name);
      const expanded = entry.kind === "folder" && this.expanded.has(path);
      const inside = this.folders.get(path);
      rows.push({
        path,
        name: entry.name,
        kind: entry.kind,
        size: entry.size,
        ignored: entry.ignored,
        level,
        place: index + 1,
        siblings: entries.length,
        expanded,
        loading: expanded && !inside?.entries && !inside?.problem,
        problem: expanded ? (inside?.problem ?? "") : "",
      });
      if (expanded) this.collect(path, level + 1, rows);
    });
  }
}

/** Why a name cannot be given in a folder; empty when it can. */
export function nameProblem(name: string, taken: readonly string[]): string {
  const trimmed = name.trim();
  if (!trimmed) return "Type a name.";
  if (trimmed === "." || trimmed === "..") return `“${trimmed}” cannot be a name.`;
  if (trimmed.includes("/") && trimmed.split("/").some((part) => !part.trim() || part === "." || part === "..")) {
    return "A name between slashes is missing.";
  }
  if (trimmed.includes("\0")) return "A name cannot contain a null character.";
  if (new TextEncoder().encode(trimmed).length > 255) return "The name is too long.";
  if (taken.includes(trimmed)) return `“${trimmed}” exists here already.`;
  return "";
}

/** Where `source` ends up when dropped on a folder; null when it is there already or would go into itself. */
export function moveTarget(source: string, folder: string): string | null {
  if (folderOf(source) === folder || isWithin(folder, source)) return null;
  return joinPath(folder, source.slice(source.lastIndexOf("/") + 1));
}
