/** One editor on one shared document: makes the CodeMirror view and keeps it on the document's current copy. */
import { Compartment, EditorSelection, EditorState, type Extension } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { yCollab, yUndoManagerKeymap } from "y-codemirror.next";
import type { People } from "../presence/people";
import type { Channel } from "../wire/channel";
import { cursors } from "./cursors";
import type { SharedDocument } from "./document";
import { common, indentation } from "./extensions";
import { languageOf, load } from "./languages";
import { look } from "./theme";
import { bounded, wholeCharacters } from "./whole";
import { writerOf, writers, writersFound } from "./writers";

export type Scheme = "light" | "dark";

export interface Place {
  line: number;
  column: number;
  selected: number;
  /** Who wrote the line, in words, while writers are named. */
  writer: string;
}

export class Editor {
  readonly view: EditorView;
  private readonly language = new Compartment();
  private readonly scheme = new Compartment();
  private readonly editable = new Compartment();
  private generation = -1;
  private shown: Scheme;
  private named = false;

  constructor(
    parent: HTMLElement,
    private readonly shared: SharedDocument,
    private readonly around: { channel: Channel; people: People },
    scheme: Scheme,
    private readonly onPlace: (place: Place) => void,
  ) {
    this.shown = scheme;
    this.view = new EditorView({ parent });
    this.refresh();
  }

  /** Follow what the document says now: another copy of it, whether it can be edited. */
  refresh(): void {
    const { generation, writable, phase } = this.shared.snapshot();
    if (generation !== this.generation) {
      this.begin();
      this.generation = generation;
    }
    const open = writable || (phase === "offline" && this.around.channel.may("document.write"));
    if (this.view.state.readOnly === open) this.view.dispatch({ effects: this.editable.reconfigure(this.access(open)) });
  }

  setScheme(scheme: Scheme): void {
    if (scheme === this.shown) return;
    this.shown = scheme;
    this.view.dispatch({ effects: this.scheme.reconfigure(this.dressed()) });
  }

  /** Show or hide the column that names who wrote each line. */
  nameWriters(named: boolean): void {
    if (named === this.named) return;
    this.named = named;
    this.view.dispatch({ effects: this.scheme.reconfigure(this.dressed()) });
  }

  /** Put the cursor somewhere and show it; lines and columns count from 1. */
  goTo(line: number, column = 1): void {
    const { doc } = this.view.state;
    const target = doc.line(Math.max(1, Math.min(line, doc.lines)));
    const at = Math.min(target.from + Math.max(0, column - 1), target.to);
    this.view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
    this.view.focus();
  }

  destroy(): void {
    this.view.destroy();
  }

  /** Show the document's copy from its beginning, at the place where the old one was. */
  private begin(): void {
    const { shared, view } = this;
    const text = shared.text.toString();
    const { anchor, head } = view.state.selection.main;
    const top = view.scrollDOM.scrollTop;
    const within = (at: number) => Math.min(at, text.length);
    view.setState(
      EditorState.create({
        doc: text,
        selection: EditorSelection.single(within(anchor), within(head)),
        extensions: [
          this.editable.of(this.access(false)),
          keymap.of(yUndoManagerKeymap),
          common,
          wholeCharacters,
          bounded((sentence) => shared.tell({ kind: "warning", sentence, version: 0 })),
          indentation(text),
          this.language.of([]),
          yCollab(shared.text, null, { undoManager: shared.undo }),
          this.scheme.of(this.dressed()),
          EditorView.updateListener.of((update) => {
            if (update.selectionSet || update.docChanged || writersFound(update)) this.tellPlace();
          }),
        ],
      }),
    );
    view.scrollDOM.scrollTop = top;
    this.tellPlace();
    void this.speak(text.slice(0, 200));
  }

  private async speak(beginning: string): Promise<void> {
    const language = languageOf(this.shared.snapshot().path, beginning.split("\n", 1)[0] ?? "");
    if (!language) return;
    const support = await load(language);
    if (support) this.view.dispatch({ effects: this.language.reconfigure(support) });
  }

  private dressed(): Extension {
    const { channel, people } = this.around;
    const column = this.named ? writers(channel, this.shared, this.shown) : [];
    return [look(this.shown), column, cursors(this.shared, people, this.shown)];
  }

  private access(open: boolean): Extension {
    return [EditorState.readOnly.of(!open), EditorView.editable.of(open), EditorView.contentAttributes.of({ tabindex: "0", "aria-label": `Text of ${this.shared.snapshot().path}` })];
  }

  private tellPlace(): void {
    const { doc, selection } = this.view.state;
    const { head } = selection.main;
    const line = doc.lineAt(head);
    const selected = selection.ranges.reduce((sum, range) => sum + range.to - range.from, 0);
    const writer = this.named ? writerOf(this.view.state, line.number) : "";
    this.onPlace({ line: line.number, column: head - line.from + 1, selected, writer });
  }
}
