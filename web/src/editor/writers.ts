/** A column beside the text that names who wrote each line, shown on demand. */
import { StateEffect, StateField, type EditorState, type Extension } from "@codemirror/state";
import { EditorView, gutter, GutterMarker, ViewPlugin, type ViewUpdate } from "@codemirror/view";
import { colourOf } from "../presence/colours";
import type { Channel } from "../wire/channel";
import type { Writer } from "../wire/generated";
import { authorship } from "./authorship";
import type { SharedDocument } from "./document";

const AGAIN_AFTER = 400;
const SINCE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** Per line its writer, "file" for what the file brought with it, null for an empty line. */
type Lines = readonly (Writer | "file" | null)[];

const setLines = StateEffect.define<Lines>();

const lines = StateField.define<Lines>({
  create: () => [],
  update(value, transaction) {
    for (const effect of transaction.effects) if (effect.is(setLines)) return effect.value;
    return value;
  },
});

class Name extends GutterMarker {
  constructor(
    readonly writer: Writer | "file",
    /** Whether the line above has another writer: only the first line of a run names them. */
    readonly first: boolean,
    readonly scheme: "light" | "dark",
  ) {
    super();
  }

  override eq(other: Name): boolean {
    return identity(other.writer) === identity(this.writer) && other.first === this.first && other.scheme === this.scheme;
  }

  override toDOM(): HTMLElement {
    const label = document.createElement("span");
    label.className = "cm-coterie-writer";
    if (this.writer === "file") {
      label.dataset["from"] = "file";
      label.textContent = this.first ? "from the file" : "";
      return label;
    }
    label.style.setProperty("--person", colourOf(this.writer.colour)[this.scheme].solid);
    label.textContent = this.first ? this.writer.name : "";
    label.title = `${this.writer.name}, since ${SINCE.format(this.writer.since * 1000)}`;
    return label;
  }
}

const identity = (writer: Writer | "file") => (writer === "file" ? writer : writer.client);
const person = (writer: Lines[number] | undefined) => (writer && writer !== "file" ? writer.user : writer);

/** Whether an update brought other writers. */
export function writersFound(update: ViewUpdate): boolean {
  return update.transactions.some((one) => one.effects.some((effect) => effect.is(setLines)));
}

/** Who wrote a line (the first is 1), in words; empty for an empty one, and before it is known. */
export function writerOf(state: EditorState, line: number): string {
  const writer = state.field(lines, false)?.[line - 1];
  if (!writer) return "";
  return writer === "file" ? "From the file" : `Written by ${writer.name}`;
}

/** The column, for one document. What came from the disk names nobody. */
export function writers(channel: Channel, shared: SharedDocument, scheme: "light" | "dark"): Extension {
  const known = new Map<number, Writer>();
  const plugin = ViewPlugin.fromClass(
    class {
      private timer: ReturnType<typeof setTimeout> | undefined;
      private gone = false;

      constructor(private readonly view: EditorView) {
        this.soon(0);
      }

      update(update: ViewUpdate): void {
        if (update.docChanged) this.soon(AGAIN_AFTER);
      }

      destroy(): void {
        this.gone = true;
        clearTimeout(this.timer);
      }

      private soon(delay: number): void {
        clearTimeout(this.timer);
        this.timer = setTimeout(() => void this.look(), delay);
      }

      private async look(): Promise<void> {
        const clients = authorship(shared.text);
        if (clients.some((client) => client !== null && !known.has(client)) && shared.room) {
          const answer = await channel.request({ type: "DocumentWriters", document: shared.room }).catch(() => null);
          if (answer?.type === "DocumentWrittenBy") for (const writer of answer.writers) known.set(writer.client, writer);
        }
        if (this.gone) return;
        const found = clients.map((client) => (client === null ? null : (known.get(client) ?? "file")));
        this.view.dispatch({ effects: setLines.of(found) });
      }
    },
  );
  return [
    lines,
    plugin,
    gutter({
      class: "cm-coterie-writers",
      lineMarker(view, line) {
        const found = view.state.field(lines);
        const number = view.state.doc.lineAt(line.from).number;
        const writer = found[number - 1];
        if (!writer) return null;
        return new Name(writer, person(found[number - 2]) !== person(writer), scheme);
      },
      lineMarkerChange: writersFound,
    }),
  ];
}
