/** The save state of everything open, kept fresh. */
import { useCallback, useRef, useSyncExternalStore } from "react";
import { useIde } from "../ide/context";
import { useStore } from "../ide/useStore";
import { savingInWords, type SaveState } from "./saving";

export function useSaveState(): SaveState | null {
  const { documents, session } = useIde();
  const all = useStore(documents);
  const { active } = useStore(session.dock);
  const last = useRef<SaveState | null>(null);
  const subscribe = useCallback(
    (listener: () => void) => {
      const stops = all.map((document) => document.subscribe(listener));
      return () => stops.forEach((stop) => stop());
    },
    [all],
  );
  return useSyncExternalStore(subscribe, () => {
    const shown = active?.kind === "editor" ? documents.get(active.path)?.snapshot() : undefined;
    const now = savingInWords(all.map((document) => document.snapshot()), shown ?? null);
    if (now?.words !== last.current?.words || now?.sentence !== last.current?.sentence) last.current = now;
    return last.current;
  });
}
