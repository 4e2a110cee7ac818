import { EditorView } from "@codemirror/view";
import { afterEach, beforeEach, expect, it } from "vitest";
import * as Y from "yjs";
import type { People } from "../presence/people";
import type { RemoteCursor } from "./cursor";
import { cursors } from "./cursors";
import type { SharedDocument } from "./document";

const NAMES = ["Ada", "Ben", "Cara"];
const TEXT = "first line\nsecond line, which is longer\n";

let view: EditorView;
let move: (who: string, index: number) => Promise<void>;

beforeEach(() => {
  const doc = new Y.Doc();
  const text = doc.getText();
  text.insert(0, TEXT);
  const known = new Map<number, RemoteCursor>();
  let told: (connection: number) => void = () => undefined;
  const shared = {
    doc,
    text,
    cursors: known,
    onCursor: (listener: typeof told) => ((told = listener), () => undefined),
    moveCursor: () => undefined,
    hideCursor: () => undefined,
  };
  const people = {
    own: 99,
    get: (connection: number) => ({ display_name: NAMES[connection], colour: connection, here: true }),
    subscribe: () => () => undefined,
  };
  const extension = cursors(shared as unknown as SharedDocument, people as unknown as People, "light");
  view = new EditorView({ doc: TEXT, extensions: [extension], parent: document.body });
  move = async (who, index) => {
    const at = Y.createRelativePositionFromTypeIndex(text, index);
    known.set(NAMES.indexOf(who), { anchor: at, head: at });
    told(NAMES.indexOf(who));
    await Promise.resolve();
  };
});

afterEach(() => view.destroy());

function flag(name: string): HTMLElement {
  const label = [...view.dom.querySelectorAll(".cm-coterie-name")].find((one) => one.textContent === name);
  return label?.parentElement as HTMLElement;
}

function levels(): Record<string, string> {
  return Object.fromEntries(NAMES.map((name) => [name, flag(name)?.style.getPropertyValue("--level")]));
}

it("gives names at one place levels of their own, the lowest to whoever moved last", async () => {
  for (const name of NAMES) await move(name, 20);
  expect(levels()).toEqual({ Ada: "2", Ben: "1", Cara: "0" });
  await move("Ada", 21);
  expect(levels()).toEqual({ Ada: "0", Ben: "2", Cara: "1" });
});

it("leaves names that do not cover each other beside the text", async () => {
  await move("Ada", 11);
  await move("Ben", 30);
  await move("Cara", 3);
  expect(levels()).toEqual({ Ada: "0", Ben: "0", Cara: "0" });
});

it("does not show a name anew because another comes to its place", async () => {
  await move("Ada", 20);
  const before = flag("Ada");
  await move("Ben", 20);
  expect(flag("Ada")).toBe(before);
  expect(levels()).toMatchObject({ Ada: "1", Ben: "0" });
});
