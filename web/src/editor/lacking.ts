/** What this page has to give a server that lacks more than what was typed here. */
import * as Y from "yjs";
import type { DocumentOpened } from "../wire/generated";

type Structs = ReturnType<typeof Y.decodeUpdate>["structs"];

/** One update with everything that is here and not there, whoever wrote it, without gaps; `own` is what is not confirmed. */
export function lackingThere(doc: Y.Doc, opened: DocumentOpened, own: Uint8Array): Uint8Array {
  const covered = Y.decodeUpdate(own);
  const clocks = Y.decodeStateVector(opened.state_vector);
  const typed = newerThan(clocks, covered.structs);
  let lost = false;
  for (const [client, clock] of Y.decodeStateVector(Y.encodeStateVector(doc))) {
    lost ||= clock - (clocks.get(client) ?? 0) > (typed.get(client) ?? 0);
  }
  // The clocks do not show what was deleted; what the server sent tells all that it knows to be.
  const deleted = Y.mergeDeleteSets([Y.decodeUpdate(opened.update).ds, covered.ds]);
  lost ||= lengthOf(Y.createDeleteSetFromStructStore(doc.store)) > lengthOf(deleted);
  // The server lost what it had passed on: it was killed before its log held that, or the power was cut.
  return lost ? Y.encodeStateAsUpdate(doc, opened.state_vector) : Y.diffUpdate(own, opened.state_vector);
}

/** How much of each client's writing is in an update and not at `clocks`. An update may have any part of it, and gaps. */
function newerThan(clocks: Map<number, number>, structs: Structs): Map<number, number> {
  const found = new Map<number, number>();
  for (const struct of structs) {
    const { client, clock } = struct.id;
    const more = clock + struct.length - Math.max(clock, clocks.get(client) ?? 0);
    if (more > 0 && !(struct instanceof Y.Skip)) found.set(client, (found.get(client) ?? 0) + more);
  }
  return found;
}

/** How much is deleted in a set whose ranges are apart. */
function lengthOf({ clients }: ReturnType<typeof Y.mergeDeleteSets>): number {
  let length = 0;
  for (const ranges of clients.values()) for (const { len } of ranges) length += len;
  return length;
}
