/** Who may have the keyboard when something has just been opened. */

/**
 * Whether a pane may take the focus by itself: not while the person is typing into a dialog or an input, where the next
 * letters belong. What is opened may be ready only after they have gone on to something else.
 */
export function mayTakeFocus(): boolean {
  const has = document.activeElement;
  return !has || !(has.matches("input") || has.closest('[role="dialog"]'));
}
