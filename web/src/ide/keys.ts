/** The keys of the whole page, taken before editors and terminals see them. */
import { useEffect, useRef } from "react";
import { isKey, useCommands } from "./commands";
import { useIde } from "./context";

/** More keys for commands that show another one. */
const ALSO: Record<string, string> = { commands: "Mod+Shift+P" };
/** Keys that belong to a terminal while it has the focus: shells and editors in it use them all the time. */
const TERMINALS = new Set(["Ctrl+P", "Ctrl+B", "Ctrl+S"]);

export function useKeys(): void {
  const { notify } = useIde();
  const now = useCommands();
  const commands = useRef(now);
  useEffect(() => {
    commands.current = now;
  }, [now]);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      if (inTerminal(event) && [...TERMINALS].some((keys) => isKey(event, keys))) return;
      if (isKey(event, "Mod+S")) {
        take(event);
        if (!event.repeat) notify({ kind: "good", sentence: "Everything is saved by itself, about a second after you stop typing." });
        return;
      }
      const command = commands.current.find(
        ({ id, keys }) => (keys && isKey(event, keys)) || (ALSO[id] && isKey(event, ALSO[id])),
      );
      if (!command) return;
      take(event);
      if (command.reason) notify({ kind: "warning", sentence: command.reason });
      else command.run();
    };
    addEventListener("keydown", onKeyDown, { capture: true });
    return () => removeEventListener("keydown", onKeyDown, { capture: true });
  }, [notify]);
}

function take(event: KeyboardEvent): void {
  event.preventDefault();
  event.stopPropagation();
}

function inTerminal(event: KeyboardEvent): boolean {
  return event.target instanceof Element && event.target.closest(".xterm") !== null;
}
