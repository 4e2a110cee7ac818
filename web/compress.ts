/** Puts a Brotli-compressed copy beside every file of the build that is text; the hub serves it to browsers that take it. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { extname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";
import type { Plugin } from "vite";

const compressed = new Set([".js", ".css", ".html", ".svg", ".json", ".wasm", ".txt"]);
/** Bytes below which a copy saves nothing worth a file. */
const SMALLEST = 512;
const brotli = promisify(brotliCompress);

export function compress(): Plugin {
  let folder = "";
  return {
    name: "compress",
    apply: "build",
    configResolved(config) {
      folder = resolve(config.root, config.build.outDir);
    },
    async closeBundle() {
      const files = await readdir(folder, { recursive: true });
      for (const file of files.filter((name) => compressed.has(extname(name)))) {
        const data = await readFile(join(folder, file));
        if (data.length < SMALLEST) continue;
        await writeFile(
          join(folder, `${file}.br`),
          await brotli(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: data.length } }),
        );
      }
    },
  };
}
