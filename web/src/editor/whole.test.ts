import { EditorState, type ChangeSpec } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { yCollab } from "y-codemirror.next";
import { expect, it } from "vitest";
import * as Y from "yjs";
import { bounded, wholeCharacters } from "./whole";

/** The editor's text and the shared one, here and on another page, after a change of `text`. */
function after(text: string, changes: ChangeSpec): string[] {
  const doc = new Y.Doc();
  doc.getText("text").insert(0, text);
  const other = new Y.Doc();
  doc.on("update", (update) => Y.applyUpdate(other, update));
  Y.applyUpdate(other, Y.encodeStateAsUpdate(doc));
  const extensions = [wholeCharacters, yCollab(doc.getText("text"), null)];
  const view = new EditorView({ state: EditorState.create({ doc: text, extensions }) });
  view.dispatch({ changes });
  const found = [view.state.doc.toString(), doc.getText("text").toString(), other.getText("text").toString()];
  view.destroy();
  return found;
}

it.each<[string, string, ChangeSpec, string]>([
  ["one emoji becomes another", "x😀y", { from: 2, to: 3, insert: "\ude01" }, "x😁y"],
  ["one comes before another", "😀", { from: 1, insert: "\ude01\ud83d" }, "😁😀"],
  ["the end of one and the beginning of the next go", "a😀😁b", { from: 2, to: 4 }, "a😁b"],
  ["two change", "😀 😀", [{ from: 1, to: 2, insert: "\ude01" }, { from: 4, to: 5, insert: "\ude02" }], "😁 😂"],
  ["a NUL is typed", "xy", { from: 1, insert: "\0" }, "x␀y"],
  ["none is touched", "x😀y", { from: 3, insert: "!" }, "x😀!y"],
])("%s", (_name, text, changes, result) => {
  expect(after(text, changes)).toEqual([result, result, result]);
});

it("leaves others' changes alone", () => {
  const doc = new Y.Doc();
  doc.getText("text").insert(0, "x😀y");
  const view = new EditorView({ state: EditorState.create({ doc: "x😀y", extensions: [wholeCharacters, yCollab(doc.getText("text"), null)] }) });
  doc.getText("text").delete(1, 2);
  doc.getText("text").insert(1, "😁");
  expect(view.state.doc.toString()).toBe("x😁y");
  view.destroy();
});

it("leaves out what would make a text too long, and says so", () => {
  const sentences: string[] = [];
  const doc = new Y.Doc();
  doc.getText("text").insert(0, "12345678");
  const extensions = [bounded((sentence) => sentences.push(sentence), 10), yCollab(doc.getText("text"), null)];
  const view = new EditorView({ state: EditorState.create({ doc: "12345678", extensions }) });
  view.dispatch({ changes: { from: 8, insert: "abc" } });
  expect(view.state.doc.toString()).toBe("12345678");
  expect(sentences).toHaveLength(1);
  view.dispatch({ changes: { from: 8, insert: "ab" } });
  doc.getText("text").insert(0, "others may: ");
  view.dispatch({ changes: { from: 0, to: 4 } });
  expect(view.state.doc.toString()).toBe("rs may: 12345678ab");
  expect(doc.getText("text").toString()).toBe("rs may: 12345678ab");
  expect(sentences).toHaveLength(1);
  view.destroy();
});
