// Shows what a page's emulator would show. Reads JSON from standard input: a list of screens, each a list of
// ["size", columns, rows], ["reset"] and ["write", base64]. Writes JSON: of each its lines, cursor and which buffer is shown.
import { createRequire } from "node:module";

const require = createRequire(new URL("../../web/package.json", import.meta.url));
const { Terminal } = require("@xterm/headless");
const { SerializeAddon } = require("@xterm/addon-serialize");

async function show(steps) {
  const terminal = new Terminal({ cols: 80, rows: 24, allowProposedApi: true, logLevel: "off" });
  const serializer = new SerializeAddon();
  terminal.loadAddon(serializer);
  for (const [what, ...given] of steps) {
    if (what === "size") terminal.resize(...given);
    else if (what === "reset") terminal.reset();
    else await new Promise((done) => terminal.write(Buffer.from(given[0], "base64"), done));
  }
  const buffer = terminal.buffer.active;
  const lines = [];
  for (let row = 0; row < terminal.rows; row++) lines.push(buffer.getLine(buffer.baseY + row)?.translateToString(true) ?? "");
  // As web/src/terminal/emulator.ts describes its screen.
  const serialized = `${serializer.serialize({ scrollback: 0 })}\x1b[${buffer.cursorY + 1};${buffer.cursorX + 1}H`;
  return { lines, cursor: [buffer.cursorX, buffer.cursorY], alternate: buffer.type === "alternate", modes: terminal.modes, serialized };
}

let text = "";
for await (const chunk of process.stdin) text += chunk;
process.stdout.write(JSON.stringify(await Promise.all(JSON.parse(text).map(show))));
