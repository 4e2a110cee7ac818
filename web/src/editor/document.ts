/**
 * One document as this tab has it: the shared text, what of it the server has confirmed, and what it is still to hear.
 *
 * Invariants: `pending` holds every edit of this tab that the server has not acknowledged, in order; `confirmed` is `doc`
 * without them. Nothing is dropped from `pending` before its acknowledgement, whatever happens to the connection.
 */
import * as Y from "yjs";
import { RequestError, type Channel } from "../wire/channel";
import type { DocumentOpened, ErrorCode } from "../wire/generated";
import { carryOver, newIdentity } from "./carrying";
import { packCursor, unpackCursor, type RemoteCursor } from "./cursor";
import { deflate } from "./deflate";
import type { DocumentFacts, DocumentNotice } from "./facts";
import { lackingThere } from "./lacking";
import type { Kept, OfflineStore } from "./offline";
import { proof } from "./proof";

/** Transaction origin of everything that came from elsewhere. */
export const REMOTE = Symbol("remote");

/** Bytes of a live edit, as the server has it; a larger one travels as text. */
const LARGEST_EDIT = 1 << 20;
/** An update that changes nothing. */
const NOTHING = new Uint8Array(2);
const KEEP_AFTER = 250;
const CHECK_AFTER = 3_000;
const CHECK_AGAIN = 2_000;
const BRING_AGAIN = 5_000;
/** Milliseconds until what was refused for a while is asked for again, the first time and at most. */
const FIRST_RETRY = 1_000;
const LONGEST_RETRY = 30_000;
/** Failures after which the same may succeed later. */
const PASSING: readonly ErrorCode[] = ["unavailable", "disk-full"];

/** Who has the page's documents. */
export interface Owner {
  /** The file turned out to be elsewhere. */
  moved(document: SharedDocument, path: string): void;
  /** Whether the page shows a file. */
  shows(path: string): boolean;
}

interface Pending {
  sequence: number;
  update: Uint8Array;
  edits: number;
}

export class SharedDocument {
  doc = new Y.Doc();
  text = this.doc.getText("text");
  undo = newUndo(this.text);
  /** Where others are, by connection number. */
  readonly cursors = new Map<number, RemoteCursor>();

  private confirmed = new Y.Doc();
  private epoch = "";
  private number = 0;
  private sequence = 0;
  private pending: Pending[] = [];
  private facts: DocumentFacts;
  private listeners = new Set<() => void>();
  private cursorListeners = new Set<(connection: number) => void>();
  private noticeListeners = new Set<(notice: DocumentNotice) => void>();
  private keepTimer: ReturnType<typeof setTimeout> | undefined;
  private checkTimer: ReturnType<typeof setTimeout> | undefined;
  private differed = false;
  /** Where this page stood when it was last told that the server stands elsewhere. */
  private stood = "";
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private tries = 0;
  private goingOver = false;
  private closed = false;
  /** The document whose file took this one's place: this page has it already, and shows it instead. */
  successor: SharedDocument | null = null;
  /** The server has all that is here, where its file is now. */
  private there = false;
  /** Documents whose successor this is, and whose edits are still to be brought here. */
  private guests = new Set<SharedDocument>();
  /** Edits of pages that are gone, in other histories, which are still to be brought here. */
  private others = 0;
  private bringTimer: ReturnType<typeof setTimeout> | undefined;
  /** All that the server had of the old history is a version there. */
  private kept = false;
  /** What this browser kept is taken in; null before it is known whose page this is. */
  private ready: Promise<void> | null = null;
  private opening: Promise<void> | null = null;
  private again = false;

  constructor(
    private readonly channel: Channel,
    path: string,
    private readonly offline: OfflineStore,
    private readonly owner: Owner,
  ) {
    this.facts = {
      path,
      phase: "opening",
      failure: null,
      writable: false,
      reason: "",
      format: "",
      unconfirmed: 0,
      saved: true,
      problem: "",
      gone: false,
      proven: false,
      generation: 0,
    };
    this.doc.on("update", this.onUpdate);
    if (this.offline.known) this.ready = this.load();
  }

  snapshot = (): DocumentFacts => this.facts;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  onCursor(listener: (connection: number) => void): () => void {
    this.cursorListeners.add(listener);
    return () => this.cursorListeners.delete(listener);
  }

  onNotice(listener: (notice: DocumentNotice) => void): () => void {
    this.noticeListeners.add(listener);
    return () => this.noticeListeners.delete(listener);
  }

  /** The number of the server's room, 0 while this tab is in none. */
  get room(): number {
    return this.number;
  }

  /** Join the room, on every (re)connection; at most one attempt at a time, and another one after it when asked meanwhile. */
  open(): Promise<void> {
    clearTimeout(this.retryTimer);
    if (this.opening) this.again = true;
    else {
      this.opening = this.join().finally(() => {
        this.opening = null;
        this.hasEnded();
        if (!this.again) return;
        this.again = false;
        if (!this.closed && !this.number) void this.open();
      });
    }
    return this.opening;
  }

  /** The connection is gone: what is typed from now on stays here until it is back. */
  lost(): void {
    this.number = 0;
    clearTimeout(this.retryTimer);
    clearTimeout(this.checkTimer);
    clearTimeout(this.bringTimer);
    for (const connection of [...this.cursors.keys()]) this.setCursor(connection, null);
    if (this.facts.phase === "open") this.set({ phase: "offline", proven: false });
    if (!this.successor) this.keepSoon();
  }

  moveCursor(anchor: Y.RelativePosition, head: Y.RelativePosition): void {
    if (!this.number) return;
    this.channel.send({ type: "CursorMove", document: this.number, cursor: packCursor({ anchor, head }) });
  }

  hideCursor(): void {
    if (this.number) this.channel.send({ type: "CursorMove", document: this.number, cursor: new Uint8Array() });
  }

  /** Write the deleted file again. Rejects with RequestError. */
  async writeAgain(): Promise<void> {
    await this.channel.request({ type: "DocumentRestore", document: this.number });
  }

  /** Wait until the server has all that is here, or that cannot be: what it refuses for a while is tried again. */
  async delivered(): Promise<void> {
    await this.until(() => {
      const { phase, failure } = this.facts;
      if (phase === "open") return this.pending.length === 0;
      return this.closed || failure === null || !PASSING.includes(failure.code);
    });
  }

  /** Another document's file took this one's place, or it is the same one: bring it what only this page has, then close. */
  async giveWay(to: SharedDocument): Promise<void> {
    this.successor = to;
    const heard = this.number > 0 || this.kept || !this.epoch;
    // The room is gone, or is the other's by now: nothing more is said to it.
    this.lost();
    clearTimeout(this.keepTimer);
    for (const guest of this.guests) to.guests.add(guest);
    this.guests.clear();
    this.others = 0;
    // A server that lost its log may lack more than what is not confirmed: the answer that is on its way tells.
    if (!heard) await this.opening;
    if (this.pending.length > 0 || !(heard || this.there || !this.channel.may("document.write"))) {
      to.guests.add(this);
      this.count();
      await this.bring();
      this.heir.guests.delete(this);
    }
    this.heir.count();
    this.close();
  }

  /** Bring the successor what only this page has: until it is there, or cannot be and stays kept. */
  private async bring(): Promise<void> {
    // The same however often it is tried, and by whichever page.
    const identity = newIdentity();
    // The page may be gone before it is brought there.
    const aside = this.offline.putAside(this.facts.path, this.unconfirmed(), identity);
    const base = await deflate(this.confirmed.getText("text").toString());
    const mine = await deflate(this.text.toString());
    let brought = false;
    while (!brought && this.channel.may("document.write")) {
      const to = this.heir;
      await to.until(() => to.room > 0 || to.closed);
      if (to.closed && to === this.heir) break;
      if (to.closed) continue;
      try {
        if (to.epoch === this.epoch) await to.adopt(this);
        else await this.carryOver(to.room, base, mine, to, identity);
        brought = true;
        this.pending = [];
        this.count();
        to.checkSoon();
      } catch (error) {
        if (!(error instanceof RequestError)) throw error;
        if (!PASSING.includes(error.code)) {
          const sentence = `What was typed here before another file took this place is kept in this browser. ${error.sentence}`;
          to.tell({ kind: "warning", sentence, version: 0 });
          break;
        }
        if (to.room > 0) await new Promise((resolve) => setTimeout(resolve, BRING_AGAIN));
      }
    }
    const kept = await aside;
    if (!kept) return;
    if (brought) await this.offline.forget([kept]);
    else this.offline.release(kept);
  }

  /** Who shows this document's file now. */
  private get heir(): SharedDocument {
    return this.successor?.heir ?? this;
  }

  /** The page may be gone in a moment. */
  keepNow(): void {
    if (this.keepTimer !== undefined || this.pending.length > 0) void this.keep(true);
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.retryTimer);
    clearTimeout(this.checkTimer);
    clearTimeout(this.bringTimer);
    if (this.number) this.channel.send({ type: "DocumentClose", document: this.number });
    this.number = 0;
    clearTimeout(this.keepTimer);
    if (!this.successor) void this.keep();
    this.undo.destroy();
    this.doc.destroy();
    this.confirmed.destroy();
    for (const listener of [...this.listeners]) listener();
  }

  // What the server says

  received(update: Uint8Array): void {
    Y.applyUpdate(this.doc, update, REMOTE);
    Y.applyUpdate(this.confirmed, update);
    this.set({ saved: false, proven: false });
    this.checkSoon();
  }

  acknowledged(sequence: number): void {
    const first = this.pending.findIndex((pending) => pending.sequence > sequence);
    const done = this.pending.splice(0, first < 0 ? this.pending.length : first);
    for (const { update } of done) Y.applyUpdate(this.confirmed, update);
    this.count();
    // Arrived, but not in the file: the server says when it is.
    if (done.length > 0) this.set({ saved: false });
    if (this.pending.length === 0) this.keepSoon();
    this.checkSoon();
  }

  stored(saved: boolean, problem: string): void {
    this.set({ saved, problem });
  }

  moved(path: string): void {
    const from = this.facts.path;
    if (from === path) return;
    this.set({ path });
    void this.keep().then(() => this.offline.delete(from));
  }

  lostFile(gone: boolean): void {
    this.set({ gone });
  }

  cursorMoved(connection: number, packed: Uint8Array): void {
    this.setCursor(connection, packed.length > 0 ? unpackCursor(packed) : null);
  }

  /** The server began a new history: join again, which rebases what is not confirmed, or `kept` as a version. */
  reset(kept: boolean): void {
    this.kept = kept;
    this.joinAgain();
  }

  /** The server did not take in an edit as it was: it gets the text instead, and keeps as a version what does not fit. */
  refused(): void {
    void this.goOver();
  }

  checked(comparable: boolean, same: boolean): void {
    if (!comparable) {
      const stands = Y.encodeStateVector(this.doc).join();
      if (stands !== this.stood) {
        this.stood = stands;
        return this.checkSoon(CHECK_AGAIN);
      }
      // What was on its way has had time to arrive: what is missing now would never come.
      this.stood = "";
      this.tell({ kind: "warning", sentence: "This page had missed something that was typed. It is catching up.", version: 0 });
      return this.joinAgain();
    }
    this.stood = "";
    if (same) {
      this.differed = false;
      return this.set({ proven: this.facts.unconfirmed === 0 });
    }
    if (!this.differed) {
      // What only deletes leaves the clocks as they are: it may still be on its way.
      this.differed = true;
      return this.checkSoon(CHECK_AGAIN);
    }
    this.differed = false;
    const sentence = "This page had another text than the others. It shows the shared text again.";
    void this.goOver({ kind: "warning", sentence, version: 0 });
  }

  // Joining

  private async join(): Promise<void> {
    await (this.ready ??= this.load());
    if (this.closed || this.successor) return;
    // Perhaps the only copy, which this page cannot bring: not given up for another text. Who wants that opens it anew.
    if (this.epoch && this.facts.failure?.code === "not-found" && !this.channel.may("document.write")) return;
    const connection = this.channel.welcome;
    try {
      let opened: DocumentOpened;
      for (;;) {
        opened = (await this.channel.request({
          type: "DocumentOpen",
          path: this.facts.path,
          epoch: this.epoch,
          state_vector: this.epoch ? Y.encodeStateVector(this.doc) : new Uint8Array(),
          client: this.doc.clientID,
        })) as DocumentOpened;
        if (this.successor) this.there = opened.epoch === this.epoch && lackingThere(this.doc, opened, NOTHING).length === NOTHING.length;
        if (this.successor || this.closed) return this.leave(opened);
        if (opened.path === this.facts.path) break;
        this.tell({ kind: "info", sentence: `“${this.facts.path}” is “${opened.path}” now.`, version: 0 });
        // What this page had open there makes room for this; what that sent until now is in the next answer.
        this.owner.moved(this, opened.path);
      }
      this.cursors.clear();
      if (this.epoch && this.epoch !== opened.epoch) await this.rebase(opened.document);
      else this.merge(opened);
      const { writable, reason, format } = opened;
      this.set({ phase: "open", failure: null, problem: "", writable, reason, format, gone: false });
      this.checkSoon();
      await this.bringOthers();
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.refusedFor(error, connection);
    }
  }

  /** The server refused something for a reason: the page says so, and asks again where that may pass. */
  private refusedFor({ code, sentence }: RequestError, connection: Channel["welcome"]): void {
    // What this has is brought to the successor; without the connection it goes on when there is one.
    if (this.successor) return;
    if (code === "unavailable" && (this.channel.state !== "open" || this.channel.welcome !== connection)) return;
    const passing = PASSING.includes(code) && !this.closed;
    if (passing) {
      const delay = Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** this.tries++);
      this.retryTimer = setTimeout(() => void this.open(), delay * (0.75 + Math.random() / 2));
    }
    const problem = passing ? `${sentence} This page tries again by itself.` : sentence;
    const failure = { code, sentence: problem };
    this.set(this.epoch ? { phase: "offline", problem, failure } : { phase: "failed", failure });
  }

  private merge(opened: DocumentOpened): void {
    const fresh = !this.epoch;
    this.epoch = opened.epoch;
    this.number = opened.document;
    this.kept = false;
    Y.applyUpdate(this.doc, opened.update, REMOTE);
    Y.applyUpdate(this.confirmed, opened.update);
    this.sequence = 0;
    // What came from there as a whole is there as a whole.
    if (fresh && this.pending.length === 0) return;
    const unsent = this.pending.splice(0);
    const own = Y.mergeUpdates([NOTHING, ...unsent.map(({ update }) => update)]);
    const lacking = lackingThere(this.doc, opened, own);
    if (unsent.length > 0 || lacking.length > NOTHING.length) {
      // What of it the server has already is confirmed with the rest.
      this.submit(Y.mergeUpdates([own, lacking]), unsent.reduce((sum, { edits }) => sum + edits, 0), lacking);
    }
    this.count();
  }

  /**
   * Go over to the server's copy, which has another history, and carry over what is not confirmed as a three-way merge.
   * Typing goes on meanwhile; it is carried over too.
   */
  private async rebase(room: number): Promise<void> {
    const connection = this.channel.welcome;
    const goesOn = () => {
      // Rooms have other numbers on another connection, and what has this one's place is in its room.
      if (this.channel.welcome === connection && !this.successor) return;
      throw new RequestError("unavailable", "The connection was lost, or another file took the place of this one.");
    };
    let from = this.kept && this.pending.length === 0 ? this.text.toString() : null;
    for (;;) {
      const text = this.text.toString();
      const may = this.channel.may("document.write");
      if (!may && this.pending.length > 0) {
        throw new RequestError("forbidden", "You may only watch now. What you typed before is kept in this browser.");
      }
      if (text !== from && may) {
        const base = await deflate(from ?? (this.pending.length > 0 ? this.confirmed.getText("text").toString() : text));
        const mine = await deflate(text);
        goesOn();
        // Also when nothing was typed here: the server keeps what this page has and its own new history lacks.
        await this.carryOver(room, base, mine);
        goesOn();
        from = text;
        continue;
      }
      const fresh = new Y.Doc();
      const opened = (await this.channel.request({
        type: "DocumentOpen",
        path: this.facts.path,
        epoch: "",
        state_vector: new Uint8Array(),
        client: fresh.clientID,
      })) as DocumentOpened;
      goesOn();
      if (this.text.toString() === text) {
        this.replace(fresh, opened);
        return this.closed ? this.leave(opened) : undefined;
      }
      fresh.destroy();
      room = opened.document;
    }
  }

  /** What pages that are gone kept of another history of this file: this page brings it, as text. */
  private async bringOthers(): Promise<void> {
    clearTimeout(this.bringTimer);
    const connection = this.channel.welcome;
    const found = await this.offline.ofOtherHistories(this.facts.path, this.epoch);
    for (const [index, other] of found.entries()) {
      const doc = new Y.Doc();
      Y.applyUpdate(doc, other.confirmed);
      const base = await deflate(doc.getText("text").toString());
      Y.applyUpdate(doc, other.pending);
      const mine = await deflate(doc.getText("text").toString());
      doc.destroy();
      if (!this.number || this.channel.welcome !== connection || !this.channel.may("document.write")) return;
      try {
        // The same by whichever page, and however often.
        await this.carryOver(this.number, base, mine, this, other.stamp);
      } catch (error) {
        if (!(error instanceof RequestError)) throw error;
        // It stays kept, and is tried again here or when somebody opens the file again.
        const again = PASSING.includes(error.code) && this.number > 0;
        if (again) this.bringTimer = setTimeout(() => void this.bringOthers(), BRING_AGAIN);
        this.others = again ? found.slice(index).reduce((sum, { edits }) => sum + edits, 0) : 0;
        return this.count();
      }
      await this.offline.forget([other]);
    }
    if (this.others > 0) this.checkSoon();
    this.others = 0;
    this.count();
  }

  /** Take in what another copy of the same history has, and see that the server gets what it lacks of that. */
  private async adopt(other: SharedDocument): Promise<void> {
    Y.applyUpdate(this.doc, Y.encodeStateAsUpdate(other.doc), REMOTE);
    Y.applyUpdate(this.confirmed, Y.encodeStateAsUpdate(other.confirmed));
    this.pending.push(...other.pending);
    this.count();
    this.joinAgain();
    await this.keep();
  }

  private async carryOver(room: number, base: Uint8Array, text: Uint8Array, into: SharedDocument = this, identity = newIdentity()): Promise<void> {
    const notice = await carryOver(this.channel, room, base, text, identity);
    if (notice) into.tell(notice);
  }

  /** It is in the room and not shown any more; another one that the page opened since may be there, or on its way. */
  private leave({ document, path }: DocumentOpened): void {
    this.number = 0;
    if (this.owner.shows(path) || (!this.successor && this.owner.shows(this.facts.path))) return;
    this.channel.send({ type: "DocumentClose", document });
  }

  /** A way into a room that was under way is no more. */
  private hasEnded(): void {
    // A page has one seat in a room: who has this one's place may have lost it to this.
    if (this.successor) this.heir.joinAgain();
  }

  private joinAgain(): void {
    this.number = 0;
    void this.open();
  }

  private replace(fresh: Y.Doc, opened: DocumentOpened): void {
    this.doc.off("update", this.onUpdate);
    this.undo.destroy();
    this.doc.destroy();
    this.confirmed.destroy();
    this.doc = fresh;
    this.text = fresh.getText("text");
    this.undo = newUndo(this.text);
    this.confirmed = new Y.Doc();
    this.pending = [];
    this.epoch = "";
    this.doc.on("update", this.onUpdate);
    this.merge(opened);
    this.keepSoon();
    this.set({ generation: this.facts.generation + 1, proven: false });
    this.count();
  }

  // Editing

  private onUpdate = (update: Uint8Array, origin: unknown): void => {
    if (origin === REMOTE) return;
    this.submit(update, 1);
    this.count();
    this.set({ saved: false, proven: false });
  };

  private submit(update: Uint8Array, edits: number, lacking = update): void {
    const sequence = ++this.sequence;
    this.pending.push({ sequence, update, edits });
    if (this.number && lacking.length > LARGEST_EDIT) void this.goOver();
    else if (this.number) this.channel.send({ type: "DocumentEdit", document: this.number, sequence, update: lacking });
    this.keepSoon();
  }

  private count(): void {
    const unconfirmed = [...this.guests].reduce((sum, guest) => sum + guest.facts.unconfirmed, this.edits + this.others);
    if (unconfirmed !== this.facts.unconfirmed) this.set({ unconfirmed, proven: this.facts.proven && unconfirmed === 0 });
    this.successor?.count();
  }

  /** How many edits of its own are not confirmed. */
  private get edits(): number {
    return this.pending.reduce((sum, { edits }) => sum + edits, 0);
  }

  // Keeping what is not confirmed across a reload

  private async load(): Promise<void> {
    const kept = await this.offline.get(this.facts.path);
    if (kept && !this.closed && !this.epoch) this.restore(kept);
  }

  private restore(kept: Kept): void {
    this.epoch = kept.epoch;
    Y.applyUpdate(this.confirmed, kept.confirmed);
    Y.applyUpdate(this.doc, kept.confirmed, REMOTE);
    Y.applyUpdate(this.doc, kept.pending, REMOTE);
    this.pending = [{ sequence: 0, update: kept.pending, edits: kept.edits }];
    this.count();
    this.set({ phase: "offline" });
  }

  private keepSoon(): void {
    this.keepTimer ??= setTimeout(() => void this.keep(), KEEP_AFTER);
  }

  private async keep(leaving = false): Promise<void> {
    clearTimeout(this.keepTimer);
    this.keepTimer = undefined;
    const { path } = this.facts;
    if (!this.epoch) return;
    if (this.pending.length === 0) return this.offline.delete(path);
    if (leaving) await this.offline.putNow(path, this.unconfirmed());
    else await this.offline.put(path, this.unconfirmed());
  }

  private unconfirmed(): Kept {
    return {
      epoch: this.epoch,
      confirmed: Y.encodeStateAsUpdate(this.confirmed),
      pending: Y.mergeUpdates([NOTHING, ...this.pending.map(({ update }) => update)]),
      edits: this.edits,
    };
  }

  // Proof that everyone has the same text

  private checkSoon(delay = CHECK_AFTER): void {
    clearTimeout(this.checkTimer);
    this.checkTimer = setTimeout(() => {
      if (!this.number || this.pending.length > 0) return;
      this.tries = 0;
      const { size, checksum } = proof(this.text.toString());
      this.channel.send({ type: "DocumentCheck", document: this.number, state_vector: Y.encodeStateVector(this.doc), size, checksum });
    }, delay);
  }

  /** Go over to the server's copy of the same history; what was typed here is carried over as text. */
  private async goOver(afterwards?: DocumentNotice): Promise<void> {
    if (this.goingOver || !this.number) return;
    this.goingOver = true;
    const room = this.number;
    const connection = this.channel.welcome;
    this.number = 0;
    try {
      await this.rebase(room);
      if (afterwards) this.tell(afterwards);
      this.checkSoon();
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.refusedFor(error, connection);
    } finally {
      this.goingOver = false;
      this.hasEnded();
    }
  }

  /** Settles when something is so, looking after every change of what the page shows. */
  private until(so: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!so()) return;
        stop();
        resolve();
      };
      const stop = this.subscribe(look);
      look();
    });
  }

  private setCursor(connection: number, cursor: RemoteCursor | null): void {
    if (cursor) this.cursors.set(connection, cursor);
    else this.cursors.delete(connection);
    for (const listener of [...this.cursorListeners]) listener(connection);
  }

  /** Tell whoever shows this document. */
  tell(notice: DocumentNotice): void {
    for (const listener of [...this.noticeListeners]) listener(notice);
  }

  private set(change: Partial<DocumentFacts>): void {
    const changed = (Object.keys(change) as (keyof DocumentFacts)[]).some((key) => change[key] !== this.facts[key]);
    if (!changed) return;
    this.facts = { ...this.facts, ...change };
    for (const listener of [...this.listeners]) listener();
  }
}

function newUndo(text: Y.Text): Y.UndoManager {
  // Editors add themselves as origins, so that a person undoes what they typed and nothing else.
  return new Y.UndoManager(text, { trackedOrigins: new Set(), captureTimeout: 400 });
}
