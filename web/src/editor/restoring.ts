/** Making an older text the text again, as an edit of this person's own that undo takes back. */
import { diff } from "@codemirror/merge";
import type { SharedDocument } from "./document";

const RESTORING = Symbol("restoring");

/** Make `text` the shared text, by changing only what differs. */
export function restore({ doc, text: shared, undo }: Pick<SharedDocument, "doc" | "text" | "undo">, text: string): void {
  undo.addTrackedOrigin(RESTORING);
  // Not one step with what was typed just before, or is typed next.
  undo.stopCapturing();
  doc.transact(() => {
    const now = shared.toString();
    for (const { fromA, toA, fromB, toB } of [...diff(now, text)].reverse()) {
      // A shared text that is cut inside a character of two units loses it.
      const before = cuts(now, fromA) || cuts(text, fromB) ? 1 : 0;
      const after = cuts(now, toA) || cuts(text, toB) ? 1 : 0;
      shared.delete(fromA - before, toA - fromA + before + after);
      shared.insert(fromA - before, text.slice(fromB - before, toB + after));
    }
  }, RESTORING);
  undo.stopCapturing();
}

/** Whether a place is inside a character. */
function cuts(text: string, at: number): boolean {
  return at > 0 && at < text.length && /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(text.slice(at - 1, at + 1));
}
