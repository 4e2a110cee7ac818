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
