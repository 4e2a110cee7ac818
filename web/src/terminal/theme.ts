/** The colours of terminals in light and dark. Every one of the sixteen stands out from its background by 4.5:1 or more. */
import type { ITheme } from "@xterm/xterm";

const LIGHT: ITheme = {
  background: "#ffffff",
  foreground: "#272825",
  cursor: "#115c4c",
  cursorAccent: "#ffffff",
  selectionBackground: "#b7dccf",
  selectionInactiveBackground: "#e6e6e2",
  black: "#272825",
  red: "#b3261e",
  green: "#20743a",
  yellow: "#7a5900",
  blue: "#1d5fbf",
  magenta: "#95359c",
  cyan: "#0a6f7d",
  white: "#5a5b57",
  brightBlack: "#5f605c",
  brightRed: "#c4302b",
  brightGreen: "#1f7a37",
  brightYellow: "#846000",
  brightBlue: "#2a68d0",
  brightMagenta: "#a33cab",
  brightCyan: "#0b7584",
  brightWhite: "#3f403c",
};

const DARK: ITheme = {
  background: "#1a1c1b",
  foreground: "#dcdedb",
  cursor: "#62b49f",
  cursorAccent: "#1a1c1b",
  selectionBackground: "#2f5449",
  selectionInactiveBackground: "#333735",
  black: "#8b908c",
  red: "#ff8a80",
  green: "#7ccf8f",
  yellow: "#e3c35a",
  blue: "#86b2ff",
  magenta: "#e39bec",
  cyan: "#66cfdc",
  white: "#dcdedb",
  brightBlack: "#969a95",
  brightRed: "#ffaba3",
  brightGreen: "#9be0a9",
  brightYellow: "#f0d67e",
  brightBlue: "#a6c7ff",
  brightMagenta: "#efb9f5",
  brightCyan: "#8fe0ea",
  brightWhite: "#f4f5f3",
};

/** What a search found is selected while the keyboard is in its field: it must be seen all the same. */
const FOUND = { light: "#f5b795", dark: "#9a4f28" };

export function terminalTheme(scheme: "light" | "dark", searching = false): ITheme {
  const theme = scheme === "dark" ? DARK : LIGHT;
  return searching ? { ...theme, selectionInactiveBackground: FOUND[scheme] } : theme;
}
