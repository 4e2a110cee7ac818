/**
 * What was typed and not confirmed, kept in the browser (IndexedDB), so that neither a lost connection nor a reload loses it.
 *
 * Every page keeps its own edits under its own name, because a person may have one document open, offline, in two pages.
 * Who opens a document takes in what any page kept of it: the same edit sent twice is one edit.
 */
import { openDB, type DBSchema, type IDBPDatabase } from "idb";
import * as Y from "yjs";
import { leave, left, takeBack } from "./parting";

const OPENS_WITHIN = 5_000;

/** A document's unconfirmed edits and what they belong to. */
export interface Kept {
  epoch: string;
  /** The document without them, as one Yjs update. */
  confirmed: Uint8Array;
  /** They themselves, as one Yjs update. */
  pending: Uint8Array;
  /** How many they are. */
  edits: number;
}

type Key = [owner: string, path: string, page: string];

interface Entry extends Kept {
  /** Another one after every change. */
  stamp: string;
  /** A later one of the same page is higher. */
  turn: number;
  time: number;
}

/** What is kept under a name, as it was when it was looked at. */
export interface Found {
  readonly key: Key;
  readonly stamp: string;
  readonly turn: number;
}

interface Schema extends DBSchema {
  edits: { key: Key; value: Entry };
}

/** Where unconfirmed edits are kept. Without IndexedDB (a private window, say) they live as long as the page. */
export class OfflineStore {
  private soon: Promise<IDBPDatabase<Schema> | null>;
  /** The database once it is open, also after OPENS_WITHIN: a slow machine is no reason to keep nothing. */
  private late: IDBPDatabase<Schema> | null = null;
  private readonly page = name();
  /** By path: what other pages kept and this one took in. */
  private taken = new Map<string, Found[]>();
  /** Names under which this page put something aside. */
  private aside = new Set<string>();
  private turn = 0;

  /** `owner` keeps people and workspaces apart; null while it is not known whose page this is. */
  constructor(
    private readonly owner: () => string | null,
    database = "coterie",
  ) {
    const opening = openDB<Schema>(database, 2, {
      upgrade(database) {
        for (const old of [...database.objectStoreNames]) database.deleteObjectStore(old);
        database.createObjectStore("edits");
      },
      // A page of another version must not wait for this one.
      blocking: (_now, _wanted, event) => (event.target as IDBDatabase).close(),
    }).catch(() => null);
    void opening.then((database) => (this.late = database));
    // A browser whose database never opens must not keep documents from opening.
    this.soon = Promise.race([opening, new Promise<null>((resolve) => setTimeout(resolve, OPENS_WITHIN, null))]);
  }

  private async opened(): Promise<IDBPDatabase<Schema> | null> {
    return (await this.soon) ?? this.late;
  }

  /** Whether it is known whose edits to look for. */
  get known(): boolean {
    return this.owner() !== null;
  }

  /** What any page of this person kept of a document, in one; of several epochs the one that was typed on last. */
  async get(path: string): Promise<Kept | null> {
    try {
      const entries = await this.at(path);
      const last = entries.reduce<Entry | null>((best, entry) => (best && best.time >= entry.time ? best : entry), null);
      if (!last) return null;
      const same = entries.filter(({ epoch }) => epoch === last.epoch);
      this.taken.set(
        path,
        same.filter(({ key }) => key[2] !== this.page),
      );
      return {
        epoch: last.epoch,
        confirmed: Y.mergeUpdates(same.map(({ confirmed }) => confirmed)),
        pending: Y.mergeUpdates(same.map(({ pending }) => pending)),
        edits: same.reduce((sum, { edits }) => sum + edits, 0),
      };
    } catch {
      return null;
    }
  }

  async put(path: string, kept: Kept): Promise<void> {
    if (await this.write(path, this.page, this.entry(kept))) await this.drop(path);
  }

  /** The same for a page that may be gone before the database has it. */
  async putNow(path: string, kept: Kept): Promise<void> {
    if (await this.writeNow(path, this.page, this.entry(kept))) await this.drop(path);
  }

  /** Keep edits that are brought elsewhere, apart from what this page goes on to keep of that path; until `forget`. */
  async putAside(path: string, kept: Kept, stamp: string): Promise<Found | null> {
    const page = name();
    this.aside.add(page);
    return this.writeNow(path, page, this.entry(kept, stamp));
  }

  /** What was put aside could not be brought: it is for whoever opens that path next, in this page or another. */
  release(found: Found): void {
    this.aside.delete(found.key[2]);
  }

  /** What pages kept of a path in other histories than `epoch`, without what this page keeps or took in itself. */
  async ofOtherHistories(path: string, epoch: string): Promise<(Found & Kept)[]> {
    try {
      // Asked for first: what was taken in is forgotten here after it is gone there.
      const known = new Set(this.taken.get(path)?.map(({ stamp }) => stamp));
      const found = await this.at(path);
      const theirs = found.filter(({ key, stamp }) => key[2] !== this.page && !this.aside.has(key[2]) && !known.has(stamp));
      return theirs.filter((one) => one.epoch !== epoch);
    } catch {
      return [];
    }
  }

  /** Drop what was found, where it is still the same. */
  async forget(found: readonly Found[]): Promise<void> {
    const database = await this.opened();
    for (const { key, turn } of found) {
      takeBack(key, turn);
      if (!database) continue;
      const writing = database.transaction("edits", "readwrite");
      const there = await writing.store.get(key);
      if (there && !(there.turn > turn)) await writing.store.delete(key);
      await writing.done;
    }
  }

  async delete(path: string): Promise<void> {
    try {
      const database = await this.opened();
      const owner = this.owner();
      if (owner === null) return;
      takeBack([owner, path, this.page]);
      await database?.delete("edits", [owner, path, this.page]);
      await this.drop(path);
    } catch {
      // Kept a little longer than needed: sending an edit twice is the same as sending it once.
    }
  }

  /** The paths that have unconfirmed edits. */
  async paths(): Promise<string[]> {
    try {
      const owner = this.owner();
      if (owner === null) return [];
      const keys = (await (await this.opened())?.getAllKeys("edits")) ?? [];
      const all = [...keys, ...left<Found>([owner]).map(({ key }) => key)];
      return [...new Set(all.filter(([whose]) => whose === owner).map(([, path]) => path))];
    } catch {
      return [];
    }
  }

  /** Forget what other pages kept and this one took in, unless they have typed on. */
  private async drop(path: string): Promise<void> {
    const taken = this.taken.get(path);
    if (!taken) return;
    await this.forget(taken);
    if (this.taken.get(path) === taken) this.taken.delete(path);
  }

  private async at(path: string): Promise<(Found & Entry)[]> {
    const database = await this.opened();
    const owner = this.owner();
    if (owner === null) return [];
    const byPage = new Map<string, Found & Entry>();
    if (database) {
      const range = IDBKeyRange.bound([owner, path], [owner, path, []]);
      const reading = database.transaction("edits").store;
      const [keys, entries] = await Promise.all([reading.getAllKeys(range), reading.getAll(range)]);
      entries.forEach((entry, index) => {
        const key = keys[index] as Key;
        byPage.set(key[2], { ...entry, key });
      });
    }
    for (const entry of left<Found & Entry>([owner, path])) {
      const known = byPage.get(entry.key[2]);
      if (!known || known.turn < entry.turn) byPage.set(entry.key[2], entry);
    }
    return [...byPage.values()];
  }

  /** Both have the same turn: who forgets the one forgets the other, whenever it arrives. */
  private writeNow(path: string, page: string, entry: Entry): Promise<Found | null> {
    const owner = this.owner();
    if (owner !== null) leave([owner, path, page], { ...entry });
    return this.write(path, page, entry);
  }

  private async write(path: string, page: string, entry: Entry): Promise<Found | null> {
    try {
      const database = await this.opened();
      const owner = this.owner();
      if (!database || owner === null) return null;
      const key: Key = [owner, path, page];
      // Nobody else has it: it is to outlast a cut of power, too.
      const writing = database.transaction("edits", "readwrite", { durability: "strict" });
      const put = writing.store.put(entry, key);
      // A page that is going away has no time to wait until the browser sees that nothing more comes.
      writing.commit();
      await Promise.all([put, writing.done]);
      takeBack(key, entry.turn);
      return { key, stamp: entry.stamp, turn: entry.turn };
    } catch (error) {
      console.warn("Unconfirmed edits could not be kept in this browser.", error);
      return null;
    }
  }

  private entry(kept: Kept, stamp = name()): Entry {
    return { ...kept, stamp, turn: ++this.turn, time: Date.now() };
  }
}

function name(): string {
  return crypto.getRandomValues(new Uint32Array(3)).join("-");
}
