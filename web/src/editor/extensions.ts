/** What every editor can do, whatever it shows: keys, search, folding, brackets, completion on request. */
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, foldGutter, foldKeymap, indentOnInput, indentUnit } from "@codemirror/language";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension } from "@codemirror/state";
import {
  crosshairCursor,
  drawSelection,
  dropCursor,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  rectangularSelection,
} from "@codemirror/view";

/** Extensions that do not depend on the document. Line ends are `\n` alone, as in the shared text. */
export const common: Extension = [
  EditorState.lineSeparator.of("\n"),
  EditorState.allowMultipleSelections.of(true),
  EditorView.clipboardInputFilter.of((text) => text.replace(/\r\n?/g, "\n")),
  lineNumbers(),
  highlightActiveLineGutter(),
  highlightSpecialChars(),
  foldGutter(),
  drawSelection(),
  dropCursor(),
  indentOnInput(),
  bracketMatching(),
  closeBrackets(),
  // On Ctrl-Space alone: a list that opens by itself disturbs whoever is only reading along.
  autocompletion({ activateOnTyping: false }),
  rectangularSelection(),
  crosshairCursor(),
  highlightActiveLine(),
  highlightSelectionMatches({ minSelectionLength: 2 }),
  search({ top: true }),
  keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...foldKeymap, ...completionKeymap, indentWithTab]),
];

/** The indentation that a text uses already: tabs, or the smallest step of spaces among its first lines. */
export function indentation(text: string): Extension {
  let tabs = 0;
  let spaced = 0;
  const steps = new Map<number, number>();
  let before = 0;
  for (const line of text.slice(0, 20_000).split("\n").slice(0, 400)) {
    if (line.startsWith("\t")) tabs += 1;
    const width = /^ */.exec(line)?.[0].length ?? 0;
    if (width === line.length) continue;
    if (width > 0) spaced += 1;
    const step = width - before;
    if (step > 1 && step <= 8) steps.set(step, (steps.get(step) ?? 0) + 1);
    before = width;
  }
  if (tabs > spaced) return [indentUnit.of("\t"), EditorState.tabSize.of(4)];
  const [step] = [...steps].sort((a, b) => b[1] - a[1])[0] ?? [4];
  return [indentUnit.of(" ".repeat(step)), EditorState.tabSize.of(step === 8 ? 8 : 4)];
}
