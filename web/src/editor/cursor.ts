/** Where somebody else is in a text, as it is kept and as it travels. */
import * as Y from "yjs";

export interface RemoteCursor {
  anchor: Y.RelativePosition;
  head: Y.RelativePosition;
}

/** A cursor as it travels: the length of the first position in one byte, then both positions. */
export function packCursor({ anchor, head }: RemoteCursor): Uint8Array {
  const first = Y.encodeRelativePosition(anchor);
  const second = Y.encodeRelativePosition(head);
  const packed = new Uint8Array(1 + first.length + second.length);
  packed[0] = first.length;
  packed.set(first, 1);
  packed.set(second, 1 + first.length);
  return packed;
}

/** The cursor in what another page sent; null when it is not one. */
export function unpackCursor(packed: Uint8Array): RemoteCursor | null {
  try {
    const middle = 1 + (packed[0] ?? 0);
    return { anchor: Y.decodeRelativePosition(packed.subarray(1, middle)), head: Y.decodeRelativePosition(packed.subarray(middle)) };
  } catch {
    return null;
  }
}
