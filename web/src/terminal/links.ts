/** Places in files that output mentions: `src/app.py:12:3`, `File "app.py", line 12`, `app.ts(12,3)`. */

export interface FileLink {
  /** Where it stands in the text, end exclusive. */
  start: number;
  end: number;
  path: string;
  line: number;
  column?: number;
}

/** Lines longer than this are not searched: nobody clicks there, and searching would hold up drawing. */
const LONGEST_LINE = 2_000;

const NAME = String.raw`(?:~|\.{1,2}|[\w@+-][\w.@+-]*|\.[\w@+-][\w.@+-]*)?(?:/[\w.@+-]+)*`;
const FORMS = [
  new RegExp(String.raw`File "(?<path>[^"\n]+)", line (?<line>\d{1,7})`, "g"),
  new RegExp(String.raw`(?<![\w/.:@+-])(?<path>${NAME}\.?[\w-]+):(?<line>\d{1,7})(?::(?<column>\d{1,5}))?(?![\w.])`, "g"),
  new RegExp(String.raw`(?<![\w/.:@+-])(?<path>${NAME}\.[\w-]+)\((?<line>\d{1,7})(?:,(?<column>\d{1,5}))?\)`, "g"),
];

/** The places mentioned in one line, from left to right. A time or an address with a port is not one. */
export function findLinks(text: string): FileLink[] {
  if (text.length > LONGEST_LINE) return [];
  const found: FileLink[] = [];
  for (const form of FORMS) {
    for (const match of text.matchAll(form)) {
      const { path = "", line = "", column } = match.groups ?? {};
      const start = match.index;
      const end = start + match[0].length;
      if (!isPath(path) || found.some((other) => start < other.end && other.start < end)) continue;
      found.push({ start, end, path, line: Number(line), ...(column ? { column: Number(column) } : {}) });
    }
  }
  return found.sort((a, b) => a.start - b.start);
}

function isPath(path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  // "localhost:8000", "12:30:05", "10.0.0.1:80" look alike; a file has a letter in it, and a folder or an extension.
  if (!/[a-z]/i.test(path)) return false;
  return path.includes("/") || /\.[a-z][\w-]*$/i.test(name) || /^(Makefile|Dockerfile|Rakefile|Gemfile|Justfile)$/.test(name);
}

/**
 * Paths relative to the files at which a mentioned one may be, best first; none when it lies outside.
 * `root` is the files' folder as terminals show it, `folder` where the terminal was opened.
 */
export function candidates(path: string, root: string, folder: string): string[] {
  const absolute = path.startsWith("/");
  if (path.startsWith("~")) return [];
  if (absolute && !(root && path.startsWith(`${root}/`))) return [];
  const bases = absolute ? [path.slice(root.length + 1)] : [folder ? `${folder}/${path}` : path, path];
  const paths = bases.map(normal).filter((candidate) => candidate !== null);
  return [...new Set(paths)];
}

function normal(path: string): string | null {
  const names: string[] = [];
  for (const name of path.split("/")) {
    if (name === "" || name === ".") continue;
    if (name !== "..") names.push(name);
    else if (names.pop() === undefined) return null;
  }
  return names.length ? names.join("/") : null;
}
