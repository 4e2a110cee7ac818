/** xterm.js set up for a shared terminal: a chunk of its own, fetched when the first terminal is shown. */
import { SearchAddon } from "@xterm/addon-search";
import { SerializeAddon } from "@xterm/addon-serialize";
import { Unicode11Addon } from "@xterm/addon-unicode11";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { isAnswer } from "./answers";
import { withoutTrailingSpaces } from "./clipboard";
import { fileLinkProvider } from "./fileLinks";
import type { FileLink } from "./links";
import { terminalSettings, type TerminalSettings } from "./settings";
import type { Screen } from "./terminals";
import { terminalTheme } from "./theme";

export interface EmulatorEvents {
  /** The person typed or pasted, or the emulator answered a program that may be answered. */
  input: (data: Uint8Array) => void;
  /** What a typed character becomes. */
  typed: (data: string) => string;
  bell: () => void;
  /** The cursor is somewhere else. */
  moved: () => void;
  /** A program wants to put text into the clipboard of whoever drives it, who is this person. */
  copied: (text: string) => void;
  openFile: (link: FileLink) => void;
}

const SCROLLBACK = 10_000;
const encoder = new TextEncoder();

/** Binary mouse reports: one byte per character, not UTF-8. */
function binary(data: string): Uint8Array {
  return Uint8Array.from(data, (character) => character.charCodeAt(0) & 0xff);
}

function amount(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  return bytes < 1_000_000 ? `${Math.round(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

export class Emulator implements Screen {
  readonly terminal: Terminal;
  readonly search = new SearchAddon();
  private readonly serializer = new SerializeAddon();
  /** Whether this tab drives: only then are programs answered. */
  driving = false;
  /** Whether the output being parsed is live; `lastLive` is the same for the output last handed over. */
  private live = true;
  private lastLive = true;
  private cell: { width: number; height: number; fontSize: number } | null = null;
  private stops: (() => void)[] = [];

  constructor(
    private readonly element: HTMLElement,
    private readonly events: EmulatorEvents,
    scheme: "light" | "dark",
    fontFamily: string,
  ) {
    const settings = terminalSettings();
    this.terminal = new Terminal({
      allowProposedApi: true,
      allowTransparency: false,
      cursorBlink: false,
      fontFamily,
      fontSize: settings.fontSize,
      macOptionIsMeta: true,
      minimumContrastRatio: 4.5,
      rightClickSelectsWord: false,
      screenReaderMode: settings.screenReader,
      scrollback: SCROLLBACK,
      theme: terminalTheme(scheme),
      linkHandler: { activate: (_, url) => openLink(url) },
    });
    const { terminal } = this;
    terminal.loadAddon(this.search);
    terminal.loadAddon(this.serializer);
    terminal.loadAddon(new Unicode11Addon());
    terminal.unicode.activeVersion = "11";
    terminal.loadAddon(new WebLinksAddon((_, url) => openLink(url)));
    terminal.registerLinkProvider(fileLinkProvider(terminal, (link) => events.openFile(link)));
    terminal.parser.registerOscHandler(52, (data) => this.copyFromProgram(data));
    terminal.onData((data) => {
      const typed = isAnswer(data) ? data : this.events.typed(data);
      this.send(typed, encoder.encode(typed));
    });
    terminal.onBinary((data) => this.send(data, binary(data)));
    terminal.onBell(() => events.bell());
    terminal.onCursorMove(() => events.moved());
    // Looking must not take a terminal over: on the alternate screen the wheel becomes arrow keys.
    terminal.attachCustomWheelEventHandler(() => this.driving || terminal.buffer.active.type === "normal");
    terminal.open(element);
    void this.accelerate();
    const copy = (event: ClipboardEvent) => this.copy(event);
    element.addEventListener("copy", copy, true);
    this.stops.push(() => element.removeEventListener("copy", copy, true));
  }

  reset(preamble: Uint8Array): void {
    this.terminal.reset();
    if (preamble.length) this.terminal.write(preamble);
  }

  skip(bytes: number, preamble: Uint8Array): void {
    this.terminal.write(preamble);
    this.terminal.write(`\x1b7\r\n\x1b[7m ${amount(bytes)} of output left out, faster than this connection \x1b[0m\r\n`);
  }

  write(data: Uint8Array, live: boolean, shown: () => void): void {
    // Chunks are parsed in order after this returns, so the mark is set by the one before.
    if (live !== this.lastLive) {
      this.lastLive = live;
      this.terminal.write("", () => {
        this.live = live;
      });
    }
    this.terminal.write(data, shown);
  }

  describe(given: (screen: string) => void): void {
    this.terminal.write("", () => {
      const { cursorX, cursorY } = this.terminal.buffer.active;
      // The addon moves the cursor back by steps, which go wrong where the last line is full to its edge.
      given(`${this.serializer.serialize({ scrollback: 0 })}\x1b[${cursorY + 1};${cursorX + 1}H`);
    });
  }

  /** The text that is selected, as it should be copied. */
  get selection(): string {
    return withoutTrailingSpaces(this.terminal.getSelection());
  }

  apply(settings: TerminalSettings): void {
    this.terminal.options.screenReaderMode = settings.screenReader;
  }

  setScheme(scheme: "light" | "dark", searching: boolean): void {
    this.terminal.options.theme = terminalTheme(scheme, searching);
  }

  setReadOnly(readOnly: boolean): void {
    this.terminal.options.disableStdin = readOnly;
  }

  /** How many columns and rows fit into `width` × `height` pixels at `fontSize`; null before anything was drawn. */
  fits(width: number, height: number, fontSize: number): { columns: number; rows: number } | null {
    const cell = this.measure();
    if (!cell || width <= 0 || height <= 0) return null;
    const scale = fontSize / cell.fontSize;
    return {
      columns: Math.max(2, Math.floor(width / (cell.width * scale))),
      rows: Math.max(1, Math.floor(height / (cell.height * scale))),
    };
  }

  /** Show `columns` × `rows` at `fontSize`, or smaller (down to `smallest`) to fit into `width` × `height`. */
  show(columns: number, rows: number, width: number, height: number, fontSize: number, smallest: number): void {
    const { terminal } = this;
    if (terminal.cols !== columns || terminal.rows !== rows) terminal.resize(columns, rows);
    const cell = this.measure();
    if (!cell) return;
    const needed = Math.min(width / (columns * cell.width), height / (rows * cell.height)) * cell.fontSize;
    const size = Math.max(smallest, Math.min(fontSize, Math.floor(needed)));
    if (terminal.options.fontSize !== size) terminal.options.fontSize = size;
  }

  /** Where the cursor's row begins and ends, in pixels from the top; null before anything was drawn. */
  get cursorRow(): { top: number; bottom: number } | null {
    const cell = this.measure();
    const top = this.terminal.buffer.active.cursorY * (cell?.height ?? 0);
    return cell && { top, bottom: top + cell.height };
  }

  dispose(): void {
    for (const stop of this.stops) stop();
    this.terminal.dispose();
  }

  private measure(): { width: number; height: number; fontSize: number } | null {
    const screen = this.element.querySelector<HTMLElement>(".xterm-screen");
    const { cols, rows, options } = this.terminal;
    if (screen?.offsetWidth && screen.offsetHeight) {
      this.cell = { width: screen.offsetWidth / cols, height: screen.offsetHeight / rows, fontSize: options.fontSize ?? 14 };
    }
    return this.cell;
  }

  private send(data: string, bytes: Uint8Array): void {
    if (isAnswer(data) && !(this.driving && this.live)) return;
    this.events.input(bytes);
  }

  private copy(event: ClipboardEvent): void {
    if (!this.terminal.hasSelection() || !event.clipboardData) return;
    event.clipboardData.setData("text/plain", this.selection);
    event.preventDefault();
    event.stopPropagation();
  }

  private copyFromProgram(data: string): boolean {
    const content = data.slice(data.indexOf(";") + 1);
    // A question for what the clipboard holds is never answered.
    if (content === "?" || !this.live || !this.driving || content.length > 1_000_000) return true;
    const text = decodeBase64(content);
    if (text === null) return true;
    this.events.copied(text);
    return true;
  }

  private async accelerate(): Promise<void> {
    if (!hasWebgl()) return;
    const { WebglAddon } = await import("@xterm/addon-webgl");
    try {
      const addon = new WebglAddon();
      // The browser takes contexts away from pages that have many; the terminal then draws with elements again.
      addon.onContextLoss(() => addon.dispose());
      if (this.terminal.element) this.terminal.loadAddon(addon);
    } catch {
      // No usable WebGL after all: it draws with elements.
    }
  }
}

function decodeBase64(content: string): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(atob(content), (c) => c.charCodeAt(0)));
  } catch {
    return null;
  }
}

/** Software rendering through WebGL is slower than elements, so it does not count. */
function hasWebgl(): boolean {
  try {
    const canvas = document.createElement("canvas");
    return canvas.getContext("webgl2", { failIfMajorPerformanceCaveat: true }) !== null;
  } catch {
    return false;
  }
}

/** Only web pages are opened, in a tab that knows nothing of this one. */
function openLink(url: string): void {
  if (/^https?:\/\//i.test(url)) window.open(url, "_blank", "noopener,noreferrer");
}
