/**
 * What was typed and not confirmed, kept in the browser (IndexedDB), so that neither a lost connection nor a reload loses it.
 *
 * Every page keeps its own edits under its own name, because a person may have one document open, offline, in two pages.
 * Who opens a document takes in what any page kept of it: the same edit sent twice is one edit.
 */
import { openDB, type DBSchema, type IDBPDatabase } from "idb";
import * as Y from "yjs";

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
  time: number;
}

/** What is kept under a name, as it was when it was looked at. */
export interface Found {
  readonly key: Key;
  readonly stamp: string;
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
    if (await this.write(path, this.page, kept)) await this.drop(path);
  }

  /** Keep edits that are brought elsewhere, apart from what this page goes on to keep of that path; until `forget`. */
  async putAside(path: string, kept: Kept, stamp: string): Promise<Found | null> {
    const page = name();
    this.aside.add(page);
    return this.write(path, page, kept, stamp);
  }

  /** What was put aside could not be brought: it is for whoever opens that path next, in this page or another. */
  leave(found: Found): void {
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
    if (!database) return;
    for (const { key, stamp } of found) {
      const writing = database.transaction("edits", "readwrite");
      if ((await writing.store.get(key))?.stamp === stamp) await writing.store.delete(key);
      await writing.done;
    }
  }

  async delete(path: string): Promise<void> {
    try {
      const database = await this.opened();
      const owner = this.owner();
      if (!database || owner === null) return;
      await database.delete("edits", [owner, path, this.page]);
      await this.drop(path);
    } catch {
      // Kept a little longer than needed: sending an edit twice is the same as sending it once.
    }
  }

  /** The paths that have unconfirmed edits. */
  async paths(): Promise<string[]> {
    try {
      const keys = (await (await this.opened())?.getAllKeys("edits")) ?? [];
      return [...new Set(keys.filter(([owner]) => owner === this.owner()).map(([, path]) => path))];
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
    if (!database || owner === null) return [];
    const range = IDBKeyRange.bound([owner, path], [owner, path, []]);
    const reading = database.transaction("edits").store;
    const [keys, entries] = await Promise.all([reading.getAllKeys(range), reading.getAll(range)]);
    return entries.map((entry, index) => ({ ...entry, key: keys[index] as Key }));
  }

  private async write(path: string, page: string, kept: Kept, stamp = name()): Promise<Found | null> {
    try {
      const database = await this.opened();
      const owner = this.owner();
      if (!database || owner === null) return null;
      const key: Key = [owner, path, page];
      const writing = database.transaction("edits", "readwrite");
      const put = writing.store.put({ ...kept, stamp, time: Date.now() }, key);
      // A page that is going away has no time to wait until the browser sees that nothing more comes.
      writing.commit();
      await Promise.all([put, writing.done]);
      return { key, stamp };
    } catch (error) {
      console.warn("Unconfirmed edits could not be kept in this browser.", error);
      return null;
    }
  }
}

function name(): string {
  return crypto.getRandomValues(new Uint32Array(3)).join("-");
}
