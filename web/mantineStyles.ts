/**
 * The style sheets of exactly those Mantine components that the pages use, in the library's own order.
 *
 * Mantine ships one style sheet per component, and leaves it to the reader to know which ones a component draws on; one
 * forgotten shows only as a page that looks broken. So the build reads our imports and follows them through the library's
 * modules. In development the whole style sheet stands in, which differs in nothing but its size.
 */
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Plugin } from "vite";

const LIBRARY = resolve(import.meta.dirname, "node_modules/@mantine/core");
const BASE = ["baseline", "default-css-variables", "global"];
const NAME = "virtual:mantine-styles";

/** Names imported from @mantine/core in `source`, types included (they cost nothing: they have no module). */
export function importedNames(source: string): string[] {
  return [...source.matchAll(/import\s*\{([^}]*)\}\s*from\s*"@mantine\/core"/g)].flatMap((match) =>
    (match[1] ?? "").split(",").map((name) => name.trim().replace(/^type\s+/, "").split(/\s+as\s+/)[0] ?? ""),
  );
}

/** Style sheets that the module at `path` and everything it imports needs, without their ending. */
function follow(path: string, seen: Set<string>, sheets: Set<string>): void {
  if (seen.has(path) || !existsSync(path)) return;
  seen.add(path);
  if (path.endsWith(".module.mjs")) sheets.add(basename(path, ".module.mjs"));
  for (const [, target] of readFileSync(path, "utf8").matchAll(/from\s*"(\.[^"]+)"/g)) {
    follow(resolve(dirname(path), target ?? ""), seen, sheets);
  }
}

/** The style sheets for the components called `names`, as import paths in the library's own order. */
export function sheetsFor(names: Iterable<string>): string[] {
  const sheets = new Set(BASE);
  const seen = new Set<string>();
  for (const name of new Set(names)) follow(join(LIBRARY, "esm/components", name, `${name}.mjs`), seen, sheets);
  const whole = readFileSync(join(LIBRARY, "styles.css"), "utf8");
  return [...sheets]
    .map((sheet) => ({ sheet, file: join(LIBRARY, "styles", `${sheet}.css`) }))
    .filter(({ file }) => existsSync(file))
    .map(({ sheet, file }) => ({ sheet, at: whole.indexOf(readFileSync(file, "utf8").trim().slice(0, 200)) }))
    .sort((one, other) => one.at - other.at)
    .map(({ sheet }) => `@mantine/core/styles/${sheet}.css`);
}

export function mantineStyles(): Plugin {
  let building = false;
  return {
    name: "mantine-styles",
    configResolved(config) {
      building = config.command === "build";
    },
    resolveId(id) {
      return id === NAME ? `\0${NAME}` : null;
    },
    load(id) {
      if (id !== `\0${NAME}`) return null;
      const own = globSync("src/**/*.tsx", { cwd: import.meta.dirname }).map((file) => join(import.meta.dirname, file));
      // Notifications draw with components of the core.
      const names = ["Notification", ...own.flatMap((file) => importedNames(readFileSync(file, "utf8")))];
      const sheets = building ? sheetsFor(names) : ["@mantine/core/styles.css"];
      return [...sheets, "@mantine/notifications/styles.css"].map((sheet) => `import "${sheet}";`).join("\n");
    },
  };
}
