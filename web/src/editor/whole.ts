/** What an editor never does to a shared text: cut a character in two, put in what no text file holds, make it too long. */
import { EditorState, Transaction, type Extension, type Text } from "@codemirror/state";
import { ySyncAnnotation } from "y-codemirror.next";

/** Characters of the longest text that is edited: the server counts bytes, and refuses what only the page would take. */
export const LONGEST = 10 << 20;

/** Leaves out, as a whole, what would make the text too long, and tells the person. */
export function bounded(refused: (sentence: string) => void, longest = LONGEST): Extension {
  return EditorState.changeFilter.of((transaction) => {
    if (transaction.annotation(ySyncAnnotation) || transaction.newDoc.length <= longest) return true;
    if (transaction.newDoc.length <= transaction.startState.doc.length) return true;
    refused(`The file would become longer than ${longest >> 20} MB, the most that can be edited together. Nothing was inserted.`);
    return false;
  });
}

/**
 * Widens what a person changes to whole characters. The browser tells of "😀" becoming "😁" as of a change in their second
 * unit, which is the only one that differs.
 */
export const wholeCharacters: Extension = EditorState.transactionFilter.of((transaction) => {
  if (!transaction.docChanged || transaction.annotation(ySyncAnnotation)) return transaction;
  const { doc } = transaction.startState;
  const changes: { from: number; to: number; insert: string }[] = [];
  let widened = false;
  transaction.changes.iterChanges((fromOld, toOld, _fromNew, _toNew, inserted) => {
    const from = cuts(doc, fromOld) ? fromOld - 1 : fromOld;
    const to = cuts(doc, toOld) ? toOld + 1 : toOld;
    const typed = inserted.sliceString(0, inserted.length, "\n");
    // A file with a NUL is no text any more: the sign for one stands in for it.
    const text = typed.replaceAll("\0", "␀");
    widened ||= from < fromOld || to > toOld || text !== typed;
    const insert = doc.sliceString(from, fromOld) + text + doc.sliceString(toOld, to);
    changes.push({ from, to, insert });
  });
  if (!widened) return transaction;
  const event = transaction.annotation(Transaction.userEvent);
  return {
    changes,
    selection: transaction.newSelection,
    effects: transaction.effects,
    scrollIntoView: transaction.scrollIntoView,
    ...(event === undefined ? {} : { userEvent: event }),
  };
});

/** Whether a position is between the two units of one character. */
function cuts(doc: Text, at: number): boolean {
  if (at <= 0 || at >= doc.length) return false;
  return /^[\ud800-\udbff][\udc00-\udfff]$/.test(doc.sliceString(at - 1, at + 1));
}
