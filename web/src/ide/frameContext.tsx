/** What the frame around panes and files can do for commands: side bar, palette, dialogs. */
import { createContext, useContext } from "react";

export type PaletteMode = "files" | "commands";

export interface FrameActions {
  palette: (mode: PaletteMode) => void;
  toggleSide: () => void;
  showSide: () => void;
  members: () => void;
  /** The log of the workspace. */
  log: () => void;
  /** Why the members cannot be shown; empty when they can. */
  whyNotMembers: string;
  stop: () => void;
  whyNotStop: string;
}

const FrameContext = createContext<FrameActions | null>(null);

export const FrameProvider = FrameContext.Provider;

export function useFrame(): FrameActions {
  const frame = useContext(FrameContext);
  if (!frame) throw new Error("useFrame outside of the frame");
  return frame;
}
