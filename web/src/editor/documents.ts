/** Every document this tab has open, by path; the one place where the channel's messages about documents arrive. */
import type { Channel } from "../wire/channel";
import { SharedDocument } from "./document";
import { OfflineStore } from "./offline";

/** A page that is hidden may be ended without another word, on a phone above all. */
const LEAVING = ["pagehide", "visibilitychange"];

interface Held {
  document: SharedDocument;
  holders: number;
}

export class Documents {
  private held = new Map<string, Held>();
  private stops: (() => void)[];
  private listeners = new Set<() => void>();
  private movedListeners = new Set<(from: string, to: string) => void>();
  private all: readonly SharedDocument[] = [];
  private readonly offline: OfflineStore;

  constructor(
    private readonly channel: Channel,
    workspace: string,
    offline?: OfflineStore,
  ) {
    this.offline =
      offline ??
      new OfflineStore(() => {
        const { connection, people } = channel.welcome ?? { connection: 0, people: [] };
        const own = people.find((person) => person.connection === connection);
        return own ? `${own.user}/${workspace}` : null;
      });
    const on = channel.on.bind(channel);
    for (const moment of LEAVING) addEventListener(moment, this.keepNow);
    this.stops = [
      () => LEAVING.forEach((moment) => removeEventListener(moment, this.keepNow)),
      channel.onOpen(() => {
        this.each((document) => void document.open());
        void this.bringKept();
      }),
      channel.onState((state) => {
        if (state !== "open") this.each((document) => document.lost());
      }),
      on("DocumentUpdate", ({ document, update }) => this.in(document)?.received(update)),
      on("DocumentAck", ({ document, sequence }) => this.in(document)?.acknowledged(sequence)),
      on("DocumentSaved", ({ document, saved, problem }) => this.in(document)?.stored(saved, problem)),
      on("DocumentGone", ({ document, gone }) => this.in(document)?.lostFile(gone)),
      on("DocumentRefused", ({ document }) => this.in(document)?.refused()),
      on("DocumentReset", ({ document, kept }) => this.in(document)?.reset(kept)),
      on("DocumentChecked", ({ document, comparable, same }) => this.in(document)?.checked(comparable, same)),
      on("DocumentMoved", ({ document, path }) => {
        const moved = this.in(document);
        if (moved) this.moved(moved, path);
      }),
      on("CursorMoved", ({ document, connection, cursor }) => this.in(document)?.cursorMoved(connection, cursor)),
    ];
  }

  /** The document at a path, for a pane that shows it; `release` when the pane goes. */
  open(path: string): SharedDocument {
    const known = this.held.get(path);
    if (known) {
      known.holders += 1;
      return known.document;
    }
    const document = new SharedDocument(this.channel, path, this.offline, this);
    this.held.set(path, { document, holders: 1 });
    if (this.channel.state === "open") void document.open();
    this.changed();
    return document;
  }

  /** A pane shows it no longer; one that was handed to its successor meanwhile lets go of that. */
  release(document: SharedDocument): void {
    if (document.successor) return this.release(document.successor);
    const { path } = document.snapshot();
    const held = this.held.get(path);
    if (!held || held.document !== document) return;
    held.holders -= 1;
    if (held.holders > 0) return;
    this.held.delete(path);
    document.close();
    this.changed();
  }

  /** The document at a path, if a pane shows it. */
  get(path: string): SharedDocument | undefined {
    return this.held.get(path)?.document;
  }

  /** All open documents; the same array until one is opened or closed. */
  snapshot = (): readonly SharedDocument[] => this.all;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** A file that is open was renamed or moved. */
  onMoved(listener: (from: string, to: string) => void): () => void {
    this.movedListeners.add(listener);
    return () => this.movedListeners.delete(listener);
  }

  stop(): void {
    for (const stop of this.stops.splice(0)) stop();
    this.each((document) => document.close());
    this.held.clear();
  }

  private in(room: number): SharedDocument | undefined {
    for (const { document } of this.held.values()) if (document.room === room) return document;
    return undefined;
  }

  /** Whether a pane shows what is at a path. */
  shows(path: string): boolean {
    return this.held.has(path);
  }

  /** A document's file is elsewhere now. */
  moved(document: SharedDocument, to: string): void {
    const from = document.snapshot().path;
    const held = this.held.get(from);
    const there = this.held.get(to);
    if (held?.document === document) {
      this.held.delete(from);
      this.held.set(to, held);
      if (there) {
        // Whoever shows the file that was there shows the one that is there now.
        held.holders += there.holders;
        void there.document.giveWay(document);
      }
    }
    document.moved(to);
    for (const listener of [...this.movedListeners]) listener(from, to);
    this.changed();
  }

  /** What was typed in pages that are gone is sent, whether or not anybody opens those files again. */
  private async bringKept(): Promise<void> {
    for (const path of await this.offline.paths()) {
      if (this.stops.length === 0 || this.channel.state !== "open" || !this.channel.may("document.write")) return;
      if (this.held.has(path)) continue;
      const document = this.open(path);
      await document.open();
      // Those of other files do not wait for it.
      void document.delivered().then(() => this.release(document));
    }
  }

  private keepNow = (): void => this.each((document) => document.keepNow());

  private each(action: (document: SharedDocument) => void): void {
    for (const { document } of [...this.held.values()]) action(document);
  }

  private changed(): void {
    this.all = [...this.held.values()].map(({ document }) => document);
    for (const listener of [...this.listeners]) listener();
  }
}
