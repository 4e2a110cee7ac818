/** What every part of an open workspace shares: its connection, its stores, and how to open things and speak up. */
import { createContext, useContext } from "react";
import type { Documents } from "../editor/documents";
import type { People } from "../presence/people";
import type { Terminals } from "../terminal/terminals";
import type { Channel } from "../wire/channel";
import type { Session } from "./session";

/** The signed-in person. */
export interface Me {
  id: string;
  username: string;
  display_name: string;
  colour: number;
}

/** Where to put the cursor in a file; lines and columns count from 1. */
export interface Position {
  line?: number;
  column?: number;
}

export interface Announcement {
  kind: "info" | "good" | "warning" | "problem";
  /** A sentence for a person. */
  sentence: string;
  /** Shown on demand: paths, say. */
  details?: readonly string[];
  /** One thing the person can do about it. */
  action?: { label: string; run: () => void };
}

export interface Ide {
  /** The workspace's identifier. */
  workspace: string;
  channel: Channel;
  documents: Documents;
  terminals: Terminals;
  people: People;
  me: Me;
  /** Show a file in a tab of the active pane, or where it is open already. `path` is relative to the files' root. */
  open: (path: string, at?: Position) => void;
  /** Show a terminal in a tab: the numbered one, or a new one started in `folder`. */
  openTerminal: (what?: { terminal?: number; folder?: string }) => void;
  /** Say something; returns how to take it back. */
  notify: (announcement: Announcement) => () => void;
  /** What only the frame itself needs: panes, tree, uploads, questions. */
  session: Session;
}

/** What the frame gives an editor. `at` is a new object each time the person asks to be taken somewhere. */
export interface EditorPaneProps {
  channel: Channel;
  path: string;
  /** Whether it is the tab that has the focus: only then take the keyboard. */
  active: boolean;
  at?: Position;
}

/** What the frame gives a terminal. */
export interface TerminalPaneProps {
  channel: Channel;
  terminal: number;
  active: boolean;
}

const IdeContext = createContext<Ide | null>(null);

export const IdeProvider = IdeContext.Provider;

/** The open workspace. Throws outside of one. */
export function useIde(): Ide {
  const ide = useContext(IdeContext);
  if (!ide) throw new Error("useIde outside of an open workspace");
  return ide;
}
