/**
 * Where the others are: their cursors with names and selections in the text, and this person's own for the others.
 *
 * Who somebody is comes from the server's list of people by connection number, never from what a page says about itself.
 */
import { StateEffect, StateField, type Extension, type Range } from "@codemirror/state";
import { Decoration, EditorView, ViewPlugin, WidgetType, type DecorationSet, type ViewUpdate } from "@codemirror/view";
import * as Y from "yjs";
import { colourOf } from "../presence/colours";
import type { People } from "../presence/people";
import type { SharedDocument } from "./document";

const SEND_EVERY = 60;

/** A person's place, in characters of the text as it is now. */
interface Place {
  name: string;
  colour: number;
  anchor: number;
  head: number;
  /** Counts this person's moves: their name is shown anew for a moment after each. */
  moves: number;
}

type Scheme = "light" | "dark";

const place = StateEffect.define<{ connection: number; place: Place | null }>();

class Flag extends WidgetType {
  constructor(
    readonly name: string,
    readonly colour: number,
    readonly below: boolean,
    readonly scheme: Scheme,
    readonly moves: number,
    readonly level: number,
  ) {
    super();
  }

  private get shown(): string {
    return JSON.stringify([this.name, this.colour, this.scheme, this.moves]);
  }

  override eq(other: Flag): boolean {
    return other.shown === this.shown && other.level === this.level && other.below === this.below;
  }

  /** A name that only makes way for another is not shown anew. */
  override updateDOM(caret: HTMLElement): boolean {
    if (caret.dataset.shown !== this.shown) return false;
    this.arrange(caret);
    return true;
  }

  private arrange(caret: HTMLElement): void {
    caret.style.setProperty("--level", String(this.level));
    caret.toggleAttribute("data-below", this.below);
  }

  toDOM(): HTMLElement {
    const shade = colourOf(this.colour)[this.scheme];
    const caret = document.createElement("span");
    caret.className = "cm-coterie-person";
    caret.style.setProperty("--person", shade.solid);
    caret.style.setProperty("--person-text", shade.text);
    caret.dataset.shown = this.shown;
    this.arrange(caret);
    caret.setAttribute("aria-hidden", "true");
    const label = document.createElement("span");
    label.className = "cm-coterie-name";
    label.textContent = this.name;
    caret.append("\u2060", label, "\u2060");
    return caret;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

function places(scheme: Scheme): Extension {
  // Whoever moved last is last in it.
  const field = StateField.define<ReadonlyMap<number, Place>>({
    create: () => new Map(),
    update(value, transaction) {
      let next = value;
      if (transaction.docChanged && value.size > 0) {
        next = new Map(
          [...value].map(([connection, known]) => [
            connection,
            { ...known, anchor: transaction.changes.mapPos(known.anchor, 1), head: transaction.changes.mapPos(known.head, 1) },
          ]),
        );
      }
      for (const effect of transaction.effects) {
        if (!effect.is(place)) continue;
        const { connection, place: now } = effect.value;
        const changed = new Map(next);
        if (now?.moves !== next.get(connection)?.moves) changed.delete(connection);
        if (now) changed.set(connection, now);
        next = changed;
      }
      return next;
    },
    provide: (own) => EditorView.decorations.compute([own], (state) => drawn(state.field(own), state.doc, scheme)),
  });
  return field;
}

/** Gives names of one line that would cover each other levels of their own, the first at the text. */
class Levels {
  private readonly taken = new Map<number, { from: number; to: number; level: number }[]>();

  next(line: number, from: number, name: string): number {
    const to = from + name.length + 2;
    const taken = this.taken.get(line) ?? [];
    const levels = new Set(taken.filter((other) => other.from < to && from < other.to).map((other) => other.level));
    let level = 0;
    while (levels.has(level)) level++;
    this.taken.set(line, [...taken, { from, to, level }]);
    return level;
  }
}

function drawn(people: ReadonlyMap<number, Place>, doc: EditorView["state"]["doc"], scheme: Scheme): DecorationSet {
  const ranges: Range<Decoration>[] = [];
  // Whoever moved last has the first choice: other names have faded, or soon will.
  const levels = new Levels();
  for (const { name, colour, anchor, head, moves } of [...people.values()].reverse()) {
    const at = Math.min(head, doc.length);
    const [from, to] = [Math.min(anchor, at), Math.min(Math.max(anchor, at), doc.length)];
    if (from < to) {
      const style = `--person-selection: ${colourOf(colour)[scheme].selection}`;
      ranges.push(Decoration.mark({ class: "cm-coterie-selection", attributes: { style } }).range(from, to));
    }
    const line = doc.lineAt(at);
    const level = levels.next(line.number, at - line.from, name);
    const widget = new Flag(name, colour, line.number <= level + 1, scheme, moves, level);
    ranges.push(Decoration.widget({ widget, side: head >= anchor ? -1 : 1 }).range(at));
  }
  return Decoration.set(ranges, true);
}

/** Cursors of a document for one editor. */
export function cursors(shared: SharedDocument, people: People, scheme: Scheme): Extension {
  const plugin = ViewPlugin.fromClass(
    class {
      private readonly stops: (() => void)[];
      private timer: ReturnType<typeof setTimeout> | undefined;
      private lastSent = 0;
      private moves = new Map<number, { at: string; count: number }>();

      constructor(private readonly view: EditorView) {
        this.stops = [
          shared.onCursor((connection) => this.soon(() => this.show([connection]))),
          people.subscribe(() => this.soon(() => this.show([...shared.cursors.keys()]))),
        ];
        this.soon(() => this.show([...shared.cursors.keys()]));
        this.send();
      }

      update(update: ViewUpdate): void {
        if (update.selectionSet || (update.docChanged && update.view.hasFocus) || update.focusChanged) this.sendSoon();
      }

      destroy(): void {
        clearTimeout(this.timer);
        for (const stop of this.stops) stop();
        shared.hideCursor();
      }

      /** An editor cannot be changed while it is being changed. */
      private soon(action: () => void): void {
        queueMicrotask(() => {
          if (this.view.dom.isConnected || this.view.dom.parentNode) action();
        });
      }

      private show(connections: readonly number[]): void {
        const effects = connections.map((connection) => place.of({ connection, place: this.find(connection) }));
        if (effects.length > 0) this.view.dispatch({ effects });
      }

      private find(connection: number): Place | null {
        const cursor = shared.cursors.get(connection);
        const person = people.get(connection);
        if (!cursor || !person || !person.here || connection === people.own) return null;
        const anchor = Y.createAbsolutePositionFromRelativePosition(cursor.anchor, shared.doc);
        const head = Y.createAbsolutePositionFromRelativePosition(cursor.head, shared.doc);
        if (anchor?.type !== shared.text || head?.type !== shared.text) return null;
        const moves = this.countMoves(connection, JSON.stringify([cursor.anchor, cursor.head]));
        return { name: person.display_name, colour: person.colour, anchor: anchor.index, head: head.index, moves };
      }

      private countMoves(connection: number, at: string): number {
        const before = this.moves.get(connection);
        if (before?.at === at) return before.count;
        const count = (before?.count ?? 0) + 1;
        this.moves.set(connection, { at, count });
        return count;
      }

      private sendSoon(): void {
        if (this.timer !== undefined) return;
        this.timer = setTimeout(() => this.send(), Math.max(0, this.lastSent + SEND_EVERY - performance.now()));
      }

      private send(): void {
        this.timer = undefined;
        this.lastSent = performance.now();
        const { anchor, head } = this.view.state.selection.main;
        const at = (index: number) => Y.createRelativePositionFromTypeIndex(shared.text, Math.min(index, shared.text.length));
        shared.moveCursor(at(anchor), at(head));
      }
    },
  );
  return [places(scheme), plugin];
}
