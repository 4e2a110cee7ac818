/** How this person likes terminals: kept in this browser. */

export interface TerminalSettings {
  /** Pixels. */
  fontSize: number;
  /** Present output to screen readers line by line. */
  screenReader: boolean;
  /** Let programs put text into this computer's clipboard (OSC 52). They can never read it. */
  programsCopy: boolean;
  /** Ask before pasting several lines. */
  warnPaste: boolean;
}

export const SMALLEST_FONT = 8;
export const LARGEST_FONT = 32;

const KEY = "coterie-terminal";
const DEFAULTS: TerminalSettings = { fontSize: 14, screenReader: false, programsCopy: false, warnPaste: true };

let current = load();
const listeners = new Set<() => void>();

function load(): TerminalSettings {
  try {
    return checked(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<TerminalSettings>);
  } catch {
    return DEFAULTS;
  }
}

function checked(kept: Partial<TerminalSettings>): TerminalSettings {
  const size = Number(kept.fontSize ?? DEFAULTS.fontSize);
  return {
    fontSize: Number.isFinite(size) ? Math.min(LARGEST_FONT, Math.max(SMALLEST_FONT, Math.round(size))) : DEFAULTS.fontSize,
    screenReader: kept.screenReader ?? DEFAULTS.screenReader,
    programsCopy: kept.programsCopy ?? DEFAULTS.programsCopy,
    warnPaste: kept.warnPaste ?? DEFAULTS.warnPaste,
  };
}

/** The settings, the same object until they change. */
export function terminalSettings(): TerminalSettings {
  return current;
}

export function changeTerminalSettings(change: Partial<TerminalSettings>): void {
  current = checked({ ...current, ...change });
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // A browser that keeps nothing: they hold until the page is closed.
  }
  for (const listener of [...listeners]) listener();
}

export function onTerminalSettings(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
