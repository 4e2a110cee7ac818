/** Characters of two UTF-16 units (emoji, say) are changed whole: a shared text that is cut inside one loses it. */
import { EditorState, Transaction, type Extension, type Text } from "@codemirror/state";
import { ySyncAnnotation } from "y-codemirror.next";

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
    widened ||= from < fromOld || to > toOld;
    const insert = doc.sliceString(from, fromOld) + inserted.sliceString(0, inserted.length, "\n") + doc.sliceString(toOld, to);
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
