/** Bringing a text that was typed in another history to the server, which merges it with what everyone has. */
import { RequestError, type Channel } from "../wire/channel";
import type { DocumentNotice } from "./facts";

/** Bytes of both texts: less than a message may have. */
const LARGEST = 8_000_000;

/**
 * Carry the difference of two texts, deflated, over into a room; the same `identity` twice is done once. Returns what the
 * person is to read when not all of it fitted. Rejects with RequestError.
 */
export async function carryOver(
  channel: Channel,
  room: number,
  base: Uint8Array,
  text: Uint8Array,
  identity: string,
): Promise<DocumentNotice | null> {
  if (base.length + text.length > LARGEST) {
    throw new RequestError("too-big", "The text on this page is too large to be sent. It stays on this page: copy from it what you need.");
  }
  const done = await channel.request({ type: "DocumentRebase", document: room, identity, base, text });
  if (done.type !== "DocumentRebased" || done.version === 0) return null;
  const why = done.problem || "Some of the text on this page did not fit into the shared text any more.";
  const sentence = `${why} ${done.problem ? "What was typed on this page" : "It"} is kept in this file's history as “${done.name}”.`;
  return { kind: "warning", sentence, version: done.version };
}

export function newIdentity(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join("-");
}
