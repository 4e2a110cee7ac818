/** Files out of a drop or a file chooser, folders walked, each with its path below the place it was dropped on. */

export interface Incoming {
  /** Relative path with `/`. */
  path: string;
  file: File;
}

export interface Walked {
  files: Incoming[];
  /** Folders that hold no file: they are made too. */
  emptyFolders: string[];
}

/** What a file chooser gave; a chosen folder's files carry their path. */
export function fromChooser(list: FileList): Walked {
  const files = [...list].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
  return { files, emptyFolders: [] };
}

/** What was dropped. Call in the event itself: afterwards the browser has emptied the transfer. */
export function fromDrop(transfer: DataTransfer): Promise<Walked> {
  const entries = [...transfer.items]
    .filter((item) => item.kind === "file")
    .map((item) => item.webkitGetAsEntry())
    .filter((entry) => entry !== null);
  if (entries.length === 0) return Promise.resolve(fromChooser(transfer.files));
  const walked: Walked = { files: [], emptyFolders: [] };
  return Promise.all(entries.map((entry) => walk(entry, "", walked))).then(() => walked);
}

async function walk(entry: FileSystemEntry, folder: string, into: Walked): Promise<void> {
  const path = folder ? `${folder}/${entry.name}` : entry.name;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    into.files.push({ path, file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  let any = false;
  for (;;) {
    // A reader gives at most a hundred entries at a time, and an empty list at the end.
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (batch.length === 0) break;
    any = true;
    for (const child of batch) await walk(child, path, into);
  }
  if (!any) into.emptyFolders.push(path);
}
