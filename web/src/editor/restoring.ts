/** Making an older text the text again, as an edit of this person's own that undo takes back. */
import { diff } from "@codemirror/merge";
import type { SharedDocument } from "./document";

const RESTORING = Symbol("restoring");

/** Of large texts with little in common the smallest difference is not worth the wait, in milliseconds. */
const BOUNDED = { scanLimit: 1_000, timeout: 300 };

/** Make `text` the shared text, by changing only what differs. */
export function restore({ doc, text: shared, undo }: Pick<SharedDocument, "doc" | "text" | "undo">, text: string): void {
  undo.addTrackedOrigin(RESTORING);
  // Not one step with what was typed just before, or is typed next.
  undo.stopCapturing();
  doc.transact(() => {
    // Changes are of whole characters: a shared text that is cut inside one of two units loses it.
    for (const { fromA, toA, fromB, toB } of [...diff(shared.toString(), text, BOUNDED)].reverse()) {
      shared.delete(fromA, toA - fromA);
      shared.insert(fromA, text.slice(fromB, toB));
    }
  }, RESTORING);
  undo.stopCapturing();
}
