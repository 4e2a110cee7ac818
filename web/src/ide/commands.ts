/** Everything the palette and the keys can do, in one list. */
import { useMantineColorScheme } from "@mantine/core";
import { useMemo, useSyncExternalStore } from "react";
import { useLocation } from "wouter";
import { folderAt, newTerminal, whyNotWrite } from "../files/actions";
import { download } from "../files/addresses";
import { chooseAndUpload } from "../files/chooser";
import { useIde } from "./context";
import { useFrame } from "./frameContext";
import { tabId } from "./tabs";
import { closeTerminal, renameTerminal, terminalDetail, whyNotTerminal } from "./terminalActions";
import { useChannel, useStore } from "./useStore";

export interface Command {
  id: string;
  title: string;
  /** More about it, shown beside the title. */
  detail?: string;
  /** `Mod` is Ctrl, or ⌘ on a Mac. */
  keys?: string;
  /** Why it cannot be done now; empty when it can. */
  reason: string;
  run: () => void;
}

const NOTHING_OPEN = "Nothing is open.";

export function useCommands(): Command[] {
  const ide = useIde();
  const frame = useFrame();
  const { state } = useChannel(ide.channel);
  const { active, tabs } = useStore(ide.session.dock);
  const terminals = useStore(ide.terminals);
  const tree = ide.session.tree;
  const hidden = useSyncExternalStore(tree.subscribe, () => tree.showsHidden);
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [, go] = useLocation();
  return useMemo(() => {
    const { dock } = ide.session;
    const write = whyNotWrite(ide);
    const terminal = whyNotTerminal(ide, "terminal.open");
    const shown = active?.kind === "terminal" ? ide.terminals.get(active.terminal) : undefined;
    const onShown = (capability: "terminal.write" | "terminal.close") => (shown ? whyNotTerminal(ide, capability) : "No terminal is shown.");
    const open = active ? "" : NOTHING_OPEN;
    const naming = (kind: "file" | "folder") => () => {
      frame.showSide();
      tree.name({ kind, folder: folderAt(ide) });
    };
    return [
      { id: "open-file", title: "Go to file…", keys: "Mod+P", reason: "", run: () => frame.palette("files") },
      { id: "commands", title: "Show all commands…", keys: "F1", reason: "", run: () => frame.palette("commands") },
      { id: "new-file", title: "New file…", reason: write, run: naming("file") },
      { id: "new-folder", title: "New folder…", reason: write, run: naming("folder") },
      { id: "new-terminal", title: "New terminal", keys: "Ctrl+`", reason: terminal, run: () => void newTerminal(ide) },
      { id: "rename-terminal", title: "Rename the terminal…", reason: onShown("terminal.write"), run: () => shown && void renameTerminal(ide, shown) },
      { id: "close-terminal", title: "Close the terminal for everyone…", reason: onShown("terminal.close"), run: () => shown && void closeTerminal(ide, shown) },
      ...terminals.map((info) => ({
        id: `terminal-${info.terminal}`,
        title: `Go to terminal: ${info.name}`,
        detail: terminalDetail(info, ide.me.display_name),
        reason: "",
        run: () => ide.openTerminal({ terminal: info.terminal }),
      })),
      { id: "upload-files", title: "Upload files…", reason: write, run: () => chooseAndUpload(ide, folderAt(ide), false) },
      { id: "upload-folder", title: "Upload a folder…", reason: write, run: () => chooseAndUpload(ide, folderAt(ide), true) },
      { id: "download", title: "Download everything as zip", reason: "", run: () => download(ide.workspace, "", true) },
      { id: "close-tab", title: "Close tab", keys: "Alt+W", reason: open, run: () => dock.closeActive() },
      { id: "close-others", title: "Close the other tabs of this pane", reason: open, run: () => active && dock.closeOthers(tabId(active)) },
      { id: "close-all", title: "Close all tabs", reason: open, run: () => dock.closeAll() },
      { id: "next-tab", title: "Next tab", keys: "Alt+PageDown", reason: tabs.length > 1 ? "" : NOTHING_OPEN, run: () => dock.next(1) },
      { id: "previous-tab", title: "Previous tab", keys: "Alt+PageUp", reason: tabs.length > 1 ? "" : NOTHING_OPEN, run: () => dock.next(-1) },
      { id: "split-right", title: "Move tab to the right", reason: open, run: () => active && dock.split(tabId(active), "right") },
      { id: "split-below", title: "Move tab below", reason: open, run: () => active && dock.split(tabId(active), "below") },
      { id: "side-bar", title: "Show or hide the files", keys: "Mod+B", reason: "", run: frame.toggleSide },
      {
        id: "reveal",
        title: "Show the open file in the files",
        reason: active?.kind === "editor" ? "" : NOTHING_OPEN,
        run: () => {
          frame.showSide();
          if (active?.kind === "editor") void tree.reveal(active.path);
        },
      },
      { id: "collapse", title: "Collapse all folders", reason: "", run: () => tree.collapseAll() },
      {
        id: "hidden",
        title: hidden ? "Hide git's own files (.git)" : "Show git's own files (.git)",
        reason: "",
        run: () => ide.session.showHidden(!hidden),
      },
      { id: "members", title: "Members…", reason: frame.whyNotMembers, run: frame.members },
      { id: "stop", title: "Stop the workspace…", reason: frame.whyNotStop, run: frame.stop },
      {
        id: "scheme",
        title: colorScheme === "dark" ? "Light appearance" : "Dark appearance",
        reason: "",
        run: () => setColorScheme(colorScheme === "dark" ? "light" : "dark"),
      },
      { id: "dashboard", title: "Back to your workspaces", reason: "", run: () => go("/") },
    ];
  }, [ide, frame, state, hidden, terminals, active, tabs, colorScheme, setColorScheme, go]);
}

const MAC = typeof navigator !== "undefined" && /Mac|iP(hone|ad)/.test(navigator.platform);

export function keyInWords(keys: string): string {
  return MAC ? keys.replace("Mod+", "⌘").replace("Ctrl+", "⌃").replace("Alt+", "⌥").replace("Shift+", "⇧") : keys.replace("Mod", "Ctrl");
}

/** Whether a key press is `keys`, which is written as in `Command.keys`. */
export function isKey(event: KeyboardEvent, keys: string): boolean {
  const parts = keys.split("+");
  const key = parts.pop() ?? "";
  const wants = (name: string) => parts.includes(name);
  const mod = wants("Mod");
  if (event.shiftKey !== wants("Shift") || event.altKey !== wants("Alt")) return false;
  if (event.ctrlKey !== (wants("Ctrl") || (mod && !MAC)) || event.metaKey !== (mod && MAC)) return false;
  // The place of the key counts for the backtick, which some keyboards only give as a dead key.
  return key === "`" ? event.code === "Backquote" || event.key === "`" : event.key.toLowerCase() === key.toLowerCase();
}
