/** What was typed and not confirmed, kept in the browser (IndexedDB), so that neither a lost connection nor a reload loses it. */
import { openDB, type DBSchema, type IDBPDatabase } from "idb";

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

interface Schema extends DBSchema {
  documents: { key: [owner: string, path: string]; value: Kept };
}

/** Where unconfirmed edits are kept. Without IndexedDB (a private window, say) they live as long as the page. */
export class OfflineStore {
  private database: Promise<IDBPDatabase<Schema> | null>;

  /** `owner` keeps people and workspaces apart. */
  constructor(
    private readonly owner: () => string,
    name = "coterie",
  ) {
    this.database = openDB<Schema>(name, 1, {
      upgrade(database) {
        database.createObjectStore("documents");
      },
    }).catch(() => null);
  }

  async get(path: string): Promise<Kept | null> {
    try {
      return (await (await this.database)?.get("documents", [this.owner(), path])) ?? null;
    } catch {
      return null;
    }
  }

  async put(path: string, kept: Kept): Promise<void> {
    try {
      await (await this.database)?.put("documents", kept, [this.owner(), path]);
    } catch (error) {
      console.warn("Unconfirmed edits could not be kept in this browser.", error);
    }
  }

  async delete(path: string): Promise<void> {
    try {
      await (await this.database)?.delete("documents", [this.owner(), path]);
    } catch {
      // Kept a little longer than needed: sending an edit twice is the same as sending it once.
    }
  }

  /** The paths that have unconfirmed edits. */
  async paths(): Promise<string[]> {
    try {
      const keys = (await (await this.database)?.getAllKeys("documents")) ?? [];
      return keys.filter(([owner]) => owner === this.owner()).map(([, path]) => path);
    } catch {
      return [];
    }
  }
}
