/** Makes places in files that output mentions clickable. */
import type { IBufferCellPosition, ILink, ILinkProvider, Terminal } from "@xterm/xterm";
import { findLinks, type FileLink } from "./links";

/** Rows of one wrapped line that are looked at, above and below. */
const MOST_ROWS = 12;

export function fileLinkProvider(terminal: Terminal, open: (link: FileLink) => void): ILinkProvider {
  return {
    provideLinks(row, callback) {
      const { text, places } = wrappedLine(terminal, row);
      const links = findLinks(text).map((link): ILink | null => {
        const start = places[link.start];
        const end = places[link.end - 1];
        if (!start || !end) return null;
        return { range: { start, end }, text: text.slice(link.start, link.end), activate: () => open(link) };
      });
      callback(links.filter((link) => link !== null));
    },
  };
}

/** The text of the line that row `row` (from 1) belongs to, and the cell of each of its characters. */
function wrappedLine(terminal: Terminal, row: number): { text: string; places: IBufferCellPosition[] } {
  const buffer = terminal.buffer.active;
  let first = row - 1;
  while (first > 0 && first > row - MOST_ROWS && buffer.getLine(first)?.isWrapped) first--;
  let text = "";
  const places: IBufferCellPosition[] = [];
  for (let at = first; at < row - 1 + MOST_ROWS; at++) {
    const line = buffer.getLine(at);
    if (!line || (at > first && !line.isWrapped)) break;
    for (let x = 0; x < line.length; x++) {
      const cell = line.getCell(x);
      if (!cell || cell.getWidth() === 0) continue;
      const characters = cell.getChars() || " ";
      for (const _ of characters) places.push({ x: x + 1, y: at + 1 });
      // A character outside the basic plane is two units of a string.
      for (let extra = [...characters].length; extra < characters.length; extra++) places.push({ x: x + 1, y: at + 1 });
      text += characters;
    }
  }
  return { text, places };
}
