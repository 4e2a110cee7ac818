/** Who wrote each line, read from the shared text itself: every character knows the client number it was written with. */
import type * as Y from "yjs";

/** The client number that wrote most of each line (index 0 is the first line); null for an empty line. */
export function authorship(text: Y.Text): (number | null)[] {
  const lines: (number | null)[] = [];
  let counts = new Map<number, number>();
  const close = () => {
    let best: number | null = null;
    for (const [client, count] of counts) if (best === null || count > (counts.get(best) ?? 0)) best = client;
    lines.push(best);
    counts = new Map();
  };
  for (let item = text._start; item !== null; item = item.right) {
    if (item.deleted || !item.countable) continue;
    const written = (item.content as { str?: string }).str ?? "";
    const parts = written.split("\n");
    parts.forEach((part, index) => {
      if (index > 0) close();
      if (part.trim()) counts.set(item.id.client, (counts.get(item.id.client) ?? 0) + part.length);
    });
  }
  close();
  return lines;
}
