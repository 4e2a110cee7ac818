/** What people do to files: each asks the workspace, tells what went wrong in words, and keeps tabs and tree in step. */
import type { Ide } from "../ide/context";
import { folderOf, isWithin, joinPath } from "../ide/paths";
import { tabId } from "../ide/tabs";
import { RequestError } from "../wire/channel";
import type { Walked } from "./dropped";
import { moveTarget, type Naming } from "./tree";

/** Milliseconds that documents have for following their files by themselves. */
const FOLLOW_AFTER = 1_000;

export const READ_ONLY = "You may only watch here: files cannot be changed.";
export const OFFLINE = "Not connected: files can be changed again when the connection is back.";

/** Why this person cannot change files now; empty when they can. */
export function whyNotWrite(ide: Ide): string {
  if (ide.channel.welcome && !ide.channel.may("file.write")) return READ_ONLY;
  return ide.channel.state === "open" ? "" : OFFLINE;
}

/** Carry out what was named in place. */
export async function finishNaming(ide: Ide, naming: Naming, name: string): Promise<void> {
  const { tree } = ide.session;
  tree.name(null);
  if (naming.kind === "rename") {
    const target = joinPath(folderOf(naming.path), name);
    if (target !== naming.path) await move(ide, naming.path, target);
    return;
  }
  const path = joinPath(naming.folder, name);
  const made = await attempt(ide, () => ide.channel.request({ type: "FileCreate", path, folder: naming.kind === "folder" }));
  if (!made) return;
  await tree.list(naming.folder);
  await tree.reveal(path);
  if (naming.kind === "file") ide.open(path);
}

export async function move(ide: Ide, source: string, target: string): Promise<void> {
  const { tree, dock } = ide.session;
  const moved = await attempt(ide, () => ide.channel.request({ type: "FileMove", source, target }));
  if (!moved) return;
  tree.moved(source, target);
  // A shared document's tab goes when the document itself does, which the workspace tells at about the same time (see
  // Session); a tab that has not gone by then follows its file.
  dock.moved(source, target, (path) => !ide.documents.get(path)?.room);
  setTimeout(() => dock.moved(source, target), FOLLOW_AFTER);
  await Promise.all([tree.list(folderOf(source)), tree.list(folderOf(target))]);
}

/** Move what was dragged into a folder; nothing happens when it is there already. */
export async function moveInto(ide: Ide, source: string, folder: string): Promise<void> {
  const target = moveTarget(source, folder);
  if (target !== null) await move(ide, source, target);
}

export async function remove(ide: Ide, path: string, folder: boolean): Promise<void> {
  const answer = await ide.session.questions.ask({
    title: folder ? "Delete this folder?" : "Delete this file?",
    text: folder
      ? "It is deleted for everyone, with everything in it. This cannot be undone."
      : "It is deleted for everyone. This cannot be undone.",
    names: [path],
    answers: [{ value: "delete", label: "Delete", danger: true }],
  });
  if (answer !== "delete") return;
  const done = await attempt(ide, () => ide.channel.request({ type: "FileDelete", path }));
  if (!done) return;
  // An editor's tab stays and can restore its text; one that could not show the file has nothing left to say.
  for (const tab of ide.session.dock.snapshot().tabs) {
    if (tab.kind !== "editor" || !isWithin(tab.path, path)) continue;
    if (ide.documents.get(tab.path)?.snapshot().phase === "failed") ide.session.dock.close(tabId(tab));
  }
  await ide.session.tree.list(folderOf(path));
}

export async function upload(ide: Ide, folder: string, walked: Promise<Walked> | Walked): Promise<void> {
  await attempt(ide, async () => ide.session.uploads.add(folder, await walked));
}

export async function copyText(ide: Ide, text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    ide.notify({ kind: "good", sentence: `Copied: ${text}` });
  } catch {
    ide.notify({ kind: "warning", sentence: "The browser does not allow copying here.", details: [text] });
  }
}

/** Start a terminal, in `folder` or the root, and show it. */
export async function newTerminal(ide: Ide, folder = ""): Promise<void> {
  const answer = await attempt(ide, () => ide.channel.request({ type: "TerminalOpen", folder, columns: 80, rows: 24 }));
  if (answer?.type === "TerminalOpened") ide.session.dock.open({ kind: "terminal", terminal: answer.terminal });
}

/** The folder that new things go to from where the keyboard is in the tree. */
export function folderAt(ide: Ide): string {
  const { tree } = ide.session;
  // What is not on the screen is not what the person means.
  if (!tree.rows().some((row) => row.path === tree.focused)) return "";
  return tree.isFolder(tree.focused) ? tree.focused : folderOf(tree.focused);
}

async function attempt<T>(ide: Ide, act: () => Promise<T>): Promise<T | null> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    ide.notify({ kind: "problem", sentence: error.sentence });
    return null;
  }
}

