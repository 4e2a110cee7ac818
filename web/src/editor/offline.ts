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

interface Schema extends DBSchema {
  edits: { key: Key; value: Entry };
}

/** Where unconfirmed edits are kept. Without IndexedDB (a private window, say) they live as long as the page. */
export class OfflineStore {
  private database: Promise<IDBPDatabase<Schema> | null>;
  private readonly page = name();
  /** By path: what other pages kept and this one took in. */
  private taken = new Map<string, { key: Key; stamp: string }[]>();

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
    // A browser whose database never opens must not keep documents from opening.
    this.database = Promise.race([opening, new Promise<null>((resolve) => setTimeout(resolve, OPENS_WITHIN, null))]);
  }

  /** Whether it is known whose edits to look for. */
  get known(): boolean {
    return this.owner() !== null;
  }

  /** What any page of this person kept of a document, in one; of several epochs the one that was typed on last. */
  async get(path: string): Promise<Kept | null> {
    try {
      const database = await this.database;
      const owner = this.owner();
      if (!database || owner === null) return null;
      const range = IDBKeyRange.bound([owner, path], [owner, path, []]);
      const reading = database.transaction("edits").store;
      const [keys, entries] = await Promise.all([reading.getAllKeys(range), reading.getAll(range)]);
      const last = entries.reduce<Entry | null>((best, entry) => (best && best.time >= entry.time ? best : entry), null);
      if (!last) return null;
      const same = entries.filter(({ epoch }) => epoch === last.epoch);
      this.taken.set(
        path,
        entries.flatMap(({ epoch, stamp }, index) => {
          const key = keys[index] as Key;
          return epoch === last.epoch && key[2] !== this.page ? [{ key, stamp }] : [];
        }),
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
    try {
      const database = await this.database;
      const owner = this.owner();
      if (!database || owner === null) return;
      const writing = database.transaction("edits", "readwrite");
      const put = writing.store.put({ ...kept, stamp: name(), time: Date.now() }, [owner, path, this.page]);
      // A page that is going away has no time to wait until the browser sees that nothing more comes.
      writing.commit();
      await Promise.all([put, writing.done]);
      await this.drop(database, path);
    } catch (error) {
      console.warn("Unconfirmed edits could not be kept in this browser.", error);
    }
  }

  async delete(path: string): Promise<void> {
    try {
      const database = await this.database;
      const owner = this.owner();
      if (!database || owner === null) return;
      await database.delete("edits", [owner, path, this.page]);
      await this.drop(database, path);
    } catch {
      // Kept a little longer than needed: sending an edit twice is the same as sending it once.
    }
  }

  /** The paths that have unconfirmed edits. */
  async paths(): Promise<string[]> {
    try {
      const keys = (await (await this.database)?.getAllKeys("edits")) ?? [];
      return [...new Set(keys.filter(([owner]) => owner === this.owner()).map(([, path]) => path))];
    } catch {
      return [];
    }
  }

  /** Forget what other pages kept and this one took in, unless they have typed on. */
  private async drop(database: IDBPDatabase<Schema>, path: string): Promise<void> {
    const taken = this.taken.get(path) ?? [];
    this.taken.delete(path);
    for (const { key, stamp } of taken) {
      const writing = database.transaction("edits", "readwrite");
      if ((await writing.store.get(key))?.stamp === stamp) await writing.store.delete(key);
      await writing.done;
    }
  }
}

function name(): string {
  return crypto.getRandomValues(new Uint32Array(3)).join("-");
}
