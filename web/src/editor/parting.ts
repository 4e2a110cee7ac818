/**
 * What a page leaves behind in the moment it goes away.
 *
 * A browser ends the transactions of a page that is gone, also one that has just been told to commit (measured with Chromium:
 * one of 300 writes to IndexedDB that began when the page was hidden never arrived). What is written to `localStorage` has
 * arrived when the call returns, but is small: it only bridges the time until the database has it.
 */
const PREFIX = "coterie-edits:";
/** Characters; a browser gives a site about five million. */
const LARGEST = 2_000_000;

/** Bytes become text and back. */
type Plain = Record<string, string | number | Uint8Array>;

interface Left {
  key: string[];
  /** Later ones of a key are higher. */
  turn: number;
}

/** Leave what belongs to a key, in place of what was left there before; nothing where there is no room. */
export function leave(key: string[], value: Plain & { turn: number }): void {
  try {
    const size = Object.values(value).reduce((sum: number, one) => sum + (one instanceof Uint8Array ? one.length : 0), 0);
    if ((size * 4) / 3 > LARGEST) return takeBack(key, value.turn);
    const packed = Object.entries(value).map(([name, one]) => [name, one instanceof Uint8Array ? { bytes: toText(one) } : one]);
    localStorage.setItem(PREFIX + JSON.stringify(key), JSON.stringify(Object.fromEntries(packed)));
  } catch {
    // No room, or none for anybody in this browser: the database is the place, this is beside it.
  }
}

/** What was left under keys that begin with `prefix`. */
export function left<T>(prefix: string[]): (T & Left)[] {
  return names().flatMap((name) => {
    try {
      const key = JSON.parse(name.slice(PREFIX.length)) as string[];
      if (prefix.some((part, index) => key[index] !== part)) return [];
      const stored = JSON.parse(localStorage.getItem(name) ?? "", (_, one: { bytes?: string } | null) =>
        typeof one?.bytes === "string" ? fromText(one.bytes) : one,
      ) as T & Left;
      return [{ ...stored, key }];
    } catch {
      return [];
    }
  });
}

/** Take back what was left under a key up to a turn. */
export function takeBack(key: string[], turn = Infinity): void {
  for (const one of left(key)) if (one.turn <= turn) localStorage.removeItem(PREFIX + JSON.stringify(key));
}

function names(): string[] {
  try {
    const all = Array.from({ length: localStorage.length }, (_, index) => localStorage.key(index) ?? "");
    return all.filter((name) => name.startsWith(PREFIX));
  } catch {
    return [];
  }
}

function toText(bytes: Uint8Array): string {
  let text = "";
  for (let from = 0; from < bytes.length; from += 8192) text += String.fromCharCode(...bytes.subarray(from, from + 8192));
  return btoa(text);
}

function fromText(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
}
