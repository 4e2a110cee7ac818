/** What a key pressed in a terminal is for: the program, or the page. */

export type KeyAction = "type" | "copy" | "search" | "page";

interface Pressed {
  type: string;
  key: string;
  ctrlKey: boolean;
  shiftKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

const MAC = globalThis.navigator?.platform?.startsWith("Mac") ?? false;

/** `page` keys are left to the browser and the page; someone who may only watch types nothing. */
export function keyAction(event: Pressed, { readOnly, selected }: { readOnly: boolean; selected: boolean }, mac = MAC): KeyAction {
  const key = event.key.toLowerCase();
  const chord = mac ? event.metaKey && !event.ctrlKey : event.ctrlKey && event.shiftKey;
  const down = event.type === "keydown";
  if (chord && !event.altKey) {
    if (key === "c" && selected) return down ? "copy" : "page";
    if (key === "f") return down ? "search" : "page";
    if (["c", "v", "p"].includes(key)) return "page";
  }
  if (key === "f1" || (mac && event.metaKey)) return "page";
  if (readOnly) {
    if (event.ctrlKey && key === "c" && selected) return down ? "copy" : "page";
    return event.shiftKey && ["pageup", "pagedown", "home", "end"].includes(key) ? "type" : "page";
  }
  return "type";
}

/** Keys that the keyboards of phones lack. */
export type TouchKey = "Escape" | "Tab" | "ArrowLeft" | "ArrowUp" | "ArrowDown" | "ArrowRight";

/** Modifiers that a person without a real keyboard holds for the next key. */
export interface Held {
  ctrl: boolean;
  alt: boolean;
}

const ARROWS: Partial<Record<TouchKey, string>> = { ArrowUp: "A", ArrowDown: "B", ArrowRight: "C", ArrowLeft: "D" };

/** What a key sends (xterm control sequences, "PC-Style Function Keys"). `application`: the program asked for cursor keys of its own. */
export function touchKey(key: TouchKey, held: Held, application: boolean): string {
  const arrow = ARROWS[key];
  if (!arrow) return withHeld(key === "Tab" ? "\t" : "\x1b", held);
  const modifier = 1 + (held.alt ? 2 : 0) + (held.ctrl ? 4 : 0);
  if (modifier > 1) return `\x1b[1;${modifier}${arrow}`;
  return `\x1b${application ? "O" : "["}${arrow}`;
}

/** One typed character as it is with the modifiers; anything longer was not typed, and stays as it is. */
export function withHeld(data: string, { ctrl, alt }: Held): string {
  if ([...data].length !== 1) return data;
  const code = data.toUpperCase().charCodeAt(0);
  const typed = ctrl && code >= 0x40 && code <= 0x5f ? String.fromCharCode(code & 0x1f) : ctrl && data === " " ? "\0" : data;
  return alt ? `\x1b${typed}` : typed;
}
