/** How the editor looks, in light and dark: Mantine's variables for surfaces, and one palette for syntax in each. */
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

interface Palette {
  keyword: string;
  string: string;
  number: string;
  comment: string;
  name: string;
  type: string;
  constant: string;
  tag: string;
  attribute: string;
  punctuation: string;
  link: string;
  invalid: string;
}

// Every colour has at least 4.5:1 on the surface and on the current line (WCAG 2.2, 1.4.3).
const LIGHT: Palette = {
  keyword: "#8a3ffc",
  string: "#0f6b4f",
  number: "#9a4a00",
  comment: "#6b6c66",
  name: "#0b57b0",
  type: "#0a6878",
  constant: "#a3294d",
  tag: "#0b57b0",
  attribute: "#7a5200",
  punctuation: "#5a5b57",
  link: "#0b57b0",
  invalid: "#b3261e",
};

const DARK: Palette = {
  keyword: "#c9a7ff",
  string: "#8fd6a8",
  number: "#ffb78a",
  comment: "#8b908b",
  name: "#8cc2ff",
  type: "#7fd4d9",
  constant: "#ff9db5",
  tag: "#8cc2ff",
  attribute: "#e5cb83",
  punctuation: "#a4a8a4",
  link: "#8cc2ff",
  invalid: "#ff9c92",
};

function highlight(palette: Palette, themeType: "light" | "dark"): Extension {
  const style = HighlightStyle.define(
    [
      { tag: [tags.keyword, tags.modifier, tags.operatorKeyword, tags.self], color: palette.keyword },
      { tag: [tags.string, tags.special(tags.string), tags.character, tags.inserted], color: palette.string },
      { tag: [tags.regexp, tags.escape], color: palette.constant },
      { tag: [tags.number, tags.unit], color: palette.number },
      { tag: [tags.bool, tags.null, tags.atom, tags.constant(tags.name), tags.standard(tags.name)], color: palette.constant },
      { tag: tags.meta, color: palette.comment },
      { tag: tags.comment, color: palette.comment, fontStyle: "italic" },
      { tag: [tags.function(tags.variableName), tags.function(tags.propertyName), tags.labelName], color: palette.name },
      { tag: [tags.definition(tags.function(tags.variableName))], color: palette.name, fontWeight: "600" },
      { tag: [tags.typeName, tags.className, tags.namespace], color: palette.type },
      { tag: tags.tagName, color: palette.tag },
      { tag: [tags.attributeName, tags.annotation, tags.macroName], color: palette.attribute },
      { tag: [tags.punctuation, tags.operator, tags.separator], color: palette.punctuation },
      { tag: tags.heading, color: palette.name, fontWeight: "650" },
      { tag: [tags.link, tags.url], color: palette.link, textDecoration: "underline", textUnderlineOffset: "2px" },
      { tag: tags.emphasis, fontStyle: "italic" },
      { tag: tags.strong, fontWeight: "650" },
      { tag: tags.strikethrough, textDecoration: "line-through" },
      { tag: [tags.invalid, tags.deleted], color: palette.invalid },
    ],
    { themeType },
  );
  return syntaxHighlighting(style);
}

function surface(dark: boolean): Extension {
  const current = dark ? "rgb(255 255 255 / 3.5%)" : "rgb(39 40 37 / 3.5%)";
  const selection = dark ? "rgb(98 180 159 / 28%)" : "rgb(63 159 137 / 22%)";
  const match = dark ? "rgb(237 162 124 / 26%)" : "rgb(232 135 87 / 26%)";
  return EditorView.theme(
    {
      "&": {
        height: "100%",
        color: "var(--mantine-color-text)",
        backgroundColor: "var(--coterie-surface)",
        fontSize: "var(--coterie-editor-size, 13.5px)",
      },
      "&.cm-focused": { outline: "none" },
      ".cm-scroller": { fontFamily: "var(--mantine-font-family-monospace)", lineHeight: "1.6", overflow: "auto" },
      ".cm-content": { padding: "8px 0 40vh", caretColor: "var(--coterie-brand)" },
      ".cm-line": { padding: "0 16px 0 6px" },
      ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--coterie-brand)", borderLeftWidth: "2px", marginLeft: "-1px" },
      "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { background: selection },
      ".cm-gutters": {
        backgroundColor: "var(--coterie-surface)",
        color: dark ? "#6f746f" : "#6f706b",
        border: "none",
        paddingLeft: "6px",
        userSelect: "none",
      },
      ".cm-lineNumbers .cm-gutterElement": { minWidth: "2.6em", padding: "0 6px 0 4px", fontVariantNumeric: "tabular-nums" },
      ".cm-foldGutter .cm-gutterElement": { width: "14px", opacity: "0", transition: "opacity 120ms" },
      ".cm-gutters:hover .cm-foldGutter .cm-gutterElement": { opacity: "1" },
      ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: current },
      ".cm-activeLineGutter": { color: "var(--mantine-color-text)" },
      ".cm-foldPlaceholder": { background: "var(--coterie-sunken)", border: "1px solid var(--coterie-line)", color: "var(--mantine-color-dimmed)", padding: "0 6px" },
      "&.cm-focused .cm-matchingBracket": { backgroundColor: selection, outline: "1px solid var(--coterie-brand)", borderRadius: "2px" },
      "&.cm-focused .cm-nonmatchingBracket": { color: "var(--mantine-color-error)", backgroundColor: "transparent" },
      ".cm-searchMatch": { backgroundColor: match, borderRadius: "2px" },
      ".cm-searchMatch-selected": { outline: "1.5px solid var(--mantine-color-ember-5)" },
      ".cm-selectionMatch": { backgroundColor: dark ? "rgb(255 255 255 / 8%)" : "rgb(39 40 37 / 7%)", borderRadius: "2px" },
      ".cm-specialChar": { color: "var(--mantine-color-error)" },
      ".cm-panels": { backgroundColor: "var(--coterie-canvas)", color: "var(--mantine-color-text)" },
      ".cm-panels-top": { borderBottom: "1px solid var(--coterie-line)" },
      ".cm-panels-bottom": { borderTop: "1px solid var(--coterie-line)" },
      ".cm-panel.cm-search": { padding: "8px 36px 8px 10px", fontFamily: "var(--mantine-font-family)", fontSize: "var(--mantine-font-size-sm)" },
      ".cm-panel.cm-search label": { fontSize: "var(--mantine-font-size-xs)", display: "inline-flex", alignItems: "center", gap: "4px" },
      ".cm-panel.cm-search [name=close]": { top: "8px", right: "10px", fontSize: "18px", color: "var(--mantine-color-dimmed)", cursor: "pointer" },
      ".cm-textfield": {
        background: "var(--coterie-surface)",
        border: "1px solid var(--coterie-line)",
        borderRadius: "5px",
        padding: "4px 8px",
        fontSize: "var(--mantine-font-size-sm)",
        minWidth: "14em",
      },
      ".cm-textfield:focus-visible": { outline: "2px solid var(--coterie-brand)", outlineOffset: "-1px" },
      ".cm-button": {
        background: "var(--coterie-surface)",
        border: "1px solid var(--coterie-line)",
        borderRadius: "5px",
        padding: "4px 10px",
        fontSize: "var(--mantine-font-size-xs)",
        cursor: "pointer",
      },
      ".cm-button:hover": { background: "var(--coterie-sunken)" },
      ".cm-tooltip": {
        background: "var(--coterie-surface)",
        border: "1px solid var(--coterie-line)",
        borderRadius: "7px",
        boxShadow: "0 6px 24px rgb(0 0 0 / 18%)",
        overflow: "hidden",
      },
      ".cm-tooltip-autocomplete > ul": { fontFamily: "var(--mantine-font-family-monospace)", fontSize: "12.5px", maxHeight: "16em" },
      ".cm-tooltip-autocomplete > ul > li": { padding: "2px 10px" },
      ".cm-tooltip-autocomplete > ul > li[aria-selected]": { background: selection, color: "var(--mantine-color-text)" },
      ".cm-coterie-person": { position: "relative", borderLeft: "2px solid var(--person)", marginLeft: "-1px", marginRight: "-1px" },
      ".cm-coterie-name": {
        position: "absolute",
        left: "-2px",
        bottom: "calc(100% + 17px * var(--level))",
        padding: "0 5px",
        borderRadius: "4px 4px 4px 0",
        background: "var(--person)",
        color: "var(--person-text)",
        font: "600 11px/16px var(--mantine-font-family)",
        whiteSpace: "nowrap",
        pointerEvents: "none",
        userSelect: "none",
        zIndex: "10",
      },
      // The name stands over somebody's line: it is shown while they move, and under the pointer.
      "@keyframes coterie-name": { to: { opacity: 0 } },
      ".cm-coterie-person .cm-coterie-name": { animation: "coterie-name 0.3s 2.5s forwards" },
      ".cm-coterie-person:hover .cm-coterie-name": { animation: "none" },
      ".cm-coterie-person[data-below] .cm-coterie-name": { bottom: "auto", top: "calc(100% + 17px * var(--level))", borderRadius: "0 4px 4px 4px" },
      ".cm-coterie-writers": { width: "9em" },
      ".cm-coterie-writer": {
        display: "block",
        height: "100%",
        padding: "0 8px",
        borderLeft: "3px solid var(--person, transparent)",
        color: "var(--mantine-color-dimmed)",
        font: "11px/1.95 var(--mantine-font-family)",
        overflow: "hidden",
        textOverflow: "ellipsis",
        whiteSpace: "nowrap",
      },
      ".cm-collapsedLines::before, .cm-collapsedLines::after": { content: "'⋯'" },
      ".cm-collapsedLines": { background: "var(--coterie-canvas)", color: "var(--mantine-color-dimmed)" },
      "&.cm-merge-a .cm-changedLine, .cm-deletedChunk": { backgroundColor: dark ? "rgb(255 156 146 / 10%)" : "rgb(179 38 30 / 7%)" },
      "&.cm-merge-b .cm-changedLine": { backgroundColor: dark ? "rgb(118 209 139 / 10%)" : "rgb(32 116 58 / 8%)" },
      "&.cm-merge-a .cm-changedText, .cm-deletedChunk .cm-deletedText": { background: dark ? "rgb(255 156 146 / 28%)" : "rgb(179 38 30 / 18%)" },
      "&.cm-merge-b .cm-changedText": { background: dark ? "rgb(118 209 139 / 26%)" : "rgb(32 116 58 / 20%)" },
      ".cm-coterie-selection": { backgroundColor: "var(--person-selection)" },
    },
    { dark },
  );
}

const light: Extension = [surface(false), highlight(LIGHT, "light")];
const dark: Extension = [surface(true), highlight(DARK, "dark")];

/** The look for a colour scheme. */
export function look(scheme: "light" | "dark"): Extension {
  return scheme === "dark" ? dark : light;
}
