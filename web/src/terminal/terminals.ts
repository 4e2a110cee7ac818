/** Every terminal of the workspace as this tab knows them, and the output of those it shows. */
import { RequestError, type Channel } from "../wire/channel";
import { TERMINAL_ACKNOWLEDGE_EVERY, TERMINAL_LONGEST_INPUT, type Interruption, type TerminalInfo, type TerminalOutput } from "../wire/generated";

/** `TerminalInfo.exit_code` of programs that ended because the machine did. */
export const MACHINE_STOPPED = -1;

/** How long after a keystroke somebody counts as typing; the server tells at most once a second. */
const TYPING_FOR = 2_500;

const encoder = new TextEncoder();

/** What shows the output of one terminal. Calls come in order; `shown` is called when the bytes are on the screen. */
export interface Screen {
  /** Forget everything and begin with `preamble`. */
  reset(preamble: Uint8Array): void;
  /** `bytes` of output are left out here; `preamble` restores the modes they would have set. */
  skip(bytes: number, preamble: Uint8Array): void;
  /** `live` is false for replayed output, whose questions must not be answered. */
  write(data: Uint8Array, live: boolean, shown: () => void): void;
  /** Give sequences that draw the screen as it is after everything written so far. */
  describe(given: (screen: string) => void): void;
}

/** Someone typing. */
export interface Typist {
  connection: number;
  /** When they count as having stopped, by `Date.now()`. */
  until: number;
}

interface Attachment {
  screen: Screen;
  /** The next byte expected; 0 before the first output. */
  position: number;
  /** Output before it is replayed. */
  live: number;
  shown: number;
  acknowledged: number;
  columns: number;
  rows: number;
}

export class Terminals {
  private infos: readonly TerminalInfo[] = [];
  private attachments = new Map<number, Attachment>();
  private typists = new Map<number, Typist>();
  private listeners = new Set<() => void>();
  private stops: (() => void)[];
  private server = "";
  private forgetting: ReturnType<typeof setTimeout> | undefined;
  /** Whether the list has arrived. */
  known = false;

  constructor(private readonly channel: Channel) {
    this.stops = [
      channel.onOpen(({ server }) => this.opened(server)),
      channel.on("TerminalsChanged", ({ terminals }) => {
        this.infos = terminals;
        this.known = true;
        this.changed();
      }),
      channel.on("TerminalOutput", (output) => this.output(output)),
      channel.on("TerminalScreenWanted", ({ terminal }) => this.describe(terminal)),
      channel.on("TerminalTyping", ({ terminal, connection }) => this.typing(terminal, connection)),
    ];
  }

  /** Every terminal, the same array until something changes. */
  snapshot = (): readonly TerminalInfo[] => this.infos;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  get(terminal: number): TerminalInfo | undefined {
    return this.infos.find((info) => info.terminal === terminal);
  }

  /** Who is typing in a terminal just now: nobody any more once somebody else has taken it over. */
  typist(terminal: number): Typist | undefined {
    const typist = this.typists.get(terminal);
    return typist?.connection === this.get(terminal)?.driver ? typist : undefined;
  }

  /** Start a shell in `folder` (relative to the files). Returns its number. Rejects with RequestError. */
  async open(folder = "", columns = 80, rows = 24): Promise<number> {
    const answer = await this.channel.request({ type: "TerminalOpen", folder, columns, rows });
    if (answer.type !== "TerminalOpened") throw new RequestError("internal", "The terminal was not opened.");
    return answer.terminal;
  }

  /** Start a new shell in one that ended. Rejects with RequestError. */
  async runAgain(terminal: number): Promise<void> {
    const { columns, rows } = this.attachments.get(terminal) ?? { columns: 80, rows: 24 };
    await this.channel.request({ type: "TerminalRunAgain", terminal, columns: columns || 80, rows: rows || 24 });
  }

  /** Rejects with RequestError. */
  async close(terminal: number): Promise<void> {
    await this.channel.request({ type: "TerminalClose", terminal });
  }

  /** Rejects with RequestError. */
  async rename(terminal: number, name: string): Promise<void> {
    await this.channel.request({ type: "TerminalRename", terminal, name });
  }

  /** Rejects with RequestError. */
  async signal(terminal: number, signal: Interruption): Promise<void> {
    await this.channel.request({ type: "TerminalSignal", terminal, signal });
  }

  /** Send typed or pasted bytes; false when not connected or not permitted: nothing is queued for later. */
  type(terminal: number, data: Uint8Array): boolean {
    for (let at = 0; at < data.length; at += TERMINAL_LONGEST_INPUT) {
      if (!this.channel.send({ type: "TerminalInput", terminal, data: data.subarray(at, at + TERMINAL_LONGEST_INPUT) })) return false;
    }
    return true;
  }

  /** Tell the size of the pane that shows a terminal; it is used while this tab drives. */
  resize(terminal: number, columns: number, rows: number): void {
    const attachment = this.attachments.get(terminal);
    if (attachment) Object.assign(attachment, { columns, rows });
    this.channel.send({ type: "TerminalResize", terminal, columns, rows });
  }

  /** Show a terminal's output on `screen`, instead of on one that showed it before. Returns how to stop. */
  attach(terminal: number, screen: Screen): () => void {
    const attachment = { screen, position: 0, live: 0, shown: 0, acknowledged: 0, columns: 0, rows: 0 };
    this.attachments.set(terminal, attachment);
    if (this.channel.state === "open") this.ask(terminal, attachment);
    return () => {
      if (this.attachments.get(terminal) !== attachment) return;
      this.attachments.delete(terminal);
      this.channel.send({ type: "TerminalDetach", terminal });
    };
  }

  stop(): void {
    for (const stop of this.stops) stop();
    clearTimeout(this.forgetting);
  }

  private opened(server: string): void {
    // Another run of the server counts its terminals anew: a place in one's output means nothing in another's.
    const same = server === this.server;
    this.server = server;
    for (const [terminal, attachment] of this.attachments) {
      if (!same) attachment.position = 0;
      this.ask(terminal, attachment);
    }
  }

  private ask(terminal: number, attachment: Attachment): void {
    attachment.acknowledged = attachment.shown = attachment.position;
    this.channel
      .request({ type: "TerminalAttach", terminal, sequence: attachment.position })
      .then((answer) => {
        if (answer.type === "TerminalAttached") attachment.live = answer.live;
      })
      // Closed meanwhile, which the list says too; or the connection is gone, and it is asked again on the next.
      .catch(() => undefined);
    if (attachment.columns) this.resize(terminal, attachment.columns, attachment.rows);
  }

  private output(output: TerminalOutput): void {
    const attachment = this.attachments.get(output.terminal);
    if (!attachment) return;
    const { screen } = attachment;
    const end = output.sequence + output.data.length;
    if (output.reset) {
      screen.reset(output.preamble);
      if (output.skipped) screen.skip(output.skipped, new Uint8Array());
      attachment.shown = attachment.acknowledged = output.sequence;
    } else if (output.skipped) {
      screen.skip(output.skipped, output.preamble);
      attachment.shown = attachment.acknowledged = output.sequence;
    }
    attachment.position = end;
    if (!output.data.length) return;
    screen.write(output.data, end > attachment.live, () => this.showed(output.terminal, attachment, end));
  }

  /** Somebody comes later than what the program drew first is kept: they are shown what this page shows. */
  private describe(terminal: number): void {
    const attachment = this.attachments.get(terminal);
    if (!attachment) return;
    const sequence = attachment.position;
    attachment.screen.describe((screen) => {
      this.channel.send({ type: "TerminalScreen", terminal, sequence, data: encoder.encode(screen) });
    });
  }

  private showed(terminal: number, attachment: Attachment, end: number): void {
    if (this.attachments.get(terminal) !== attachment) return;
    attachment.shown = Math.max(attachment.shown, end);
    if (attachment.shown - attachment.acknowledged < TERMINAL_ACKNOWLEDGE_EVERY) return;
    attachment.acknowledged = attachment.shown;
    this.channel.send({ type: "TerminalAck", terminal, sequence: attachment.shown });
  }

  private typing(terminal: number, connection: number): void {
    this.typists = new Map(this.typists).set(terminal, { connection, until: Date.now() + TYPING_FOR });
    this.changed();
    this.forgetTypists();
  }

  private forgetTypists(): void {
    clearTimeout(this.forgetting);
    const now = Date.now();
    const still = [...this.typists].filter(([, typist]) => typist.until > now);
    if (still.length !== this.typists.size) {
      this.typists = new Map(still);
      this.changed();
    }
    const next = Math.min(...still.map(([, typist]) => typist.until));
    if (still.length) this.forgetting = setTimeout(() => this.forgetTypists(), next - now);
  }

  private changed(): void {
    for (const listener of [...this.listeners]) listener();
  }
}
