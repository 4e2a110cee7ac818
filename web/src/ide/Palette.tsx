/** Going to a file by some letters of its path, and every command by its name. */
import { Kbd, Portal } from "@mantine/core";
import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { FileIcon } from "../files/icons";
import { usePresent } from "../presence/Avatars";
import { RequestError } from "../wire/channel";
import { keyInWords, useCommands } from "./commands";
import { useIde } from "./context";
import type { PaletteMode } from "./frameContext";
import { baseName, folderOf } from "./paths";
import { matchWords, splitPosition } from "./match";
import classes from "./Palette.module.css";

const LIMIT = 50;
const ASK_AFTER = 60;

interface Choice {
  id: string;
  title: string;
  detail: string;
  keys?: string;
  reason: string;
  file: boolean;
  run: () => void;
}

export function Palette({ mode, onClose }: { mode: PaletteMode; onClose: () => void }) {
  const [text, setText] = useState(mode === "commands" ? ">" : "");
  const [at, setAt] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const [before] = useState(() => ({ current: document.activeElement }));
  const id = useId();
  const commands = text.startsWith(">");
  const files = useFiles(commands ? null : text);
  const actions = useActions(commands ? text.slice(1) : null);
  const choices = commands ? actions : files.choices;
  const chosen = Math.min(at, choices.length - 1);

  const entered = useRef(false);
  useEffect(() => {
    setAt(0);
    entered.current = false;
  }, [text]);
  useEffect(() => {
    list.current?.children[chosen]?.scrollIntoView({ block: "nearest" });
  }, [chosen]);

  const close = () => {
    onClose();
    if (before.current instanceof HTMLElement) before.current.focus();
  };
  const run = (choice: Choice | undefined) => {
    if (!choice || choice.reason || (!commands && !files.fresh)) return;
    close();
    choice.run();
  };
  useEffect(() => {
    // Enter came before the answer to what was typed: it chooses the first of that answer, not of an older one.
    if (entered.current && files.fresh) run(choices[0]);
  });
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      const next = chosen + step;
      setAt(Math.abs(step) === 1 ? (next + choices.length) % Math.max(1, choices.length) : Math.max(0, Math.min(choices.length - 1, next)));
    } else if (event.key === "Enter") {
      event.preventDefault();
      entered.current = !commands && !files.fresh;
      run(choices[chosen]);
    } else if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      close();
    }
  };

  return (
    <Portal>
      <div className={classes.behind} onPointerDown={(event) => event.target === event.currentTarget && close()}>
        <div role="dialog" aria-modal aria-label={commands ? "Commands" : "Go to file"} className={classes.palette}>
          <input
            className={classes.input}
            role="combobox"
            aria-expanded
            aria-controls={id}
            aria-autocomplete="list"
            aria-activedescendant={choices[chosen] ? `${id}-${chosen}` : undefined}
            aria-label={commands ? "Name of a command" : "Some letters of a file's path"}
            placeholder={commands ? "Name of a command" : "Go to file — or type > for commands"}
            value={text}
            // At once, not after a transition: what is typed next must not land in the editor.
            autoFocus
            spellCheck={false}
            autoCapitalize="off"
            onChange={(event) => setText(event.currentTarget.value)}
            onKeyDown={onKeyDown}
          />
          <ul ref={list} id={id} role="listbox" aria-label={commands ? "Commands" : "Files"} className={classes.list}>
            {choices.map((choice, index) => (
              <li
                key={choice.id}
                id={`${id}-${index}`}
                role="option"
                aria-selected={index === chosen}
                aria-disabled={choice.reason !== "" || undefined}
                className={classes.item}
                onPointerMove={() => setAt(index)}
                onClick={() => run(choice)}
              >
                {choice.file && <FileIcon name={choice.title} />}
                <span className={classes.title}>{choice.title}</span>
                <span className={classes.detail}>{choice.reason || choice.detail}</span>
                {choice.keys && <Kbd size="xs">{keyInWords(choice.keys)}</Kbd>}
              </li>
            ))}
          </ul>
          {choices.length === 0 && (
            <p className={classes.nothing} role="status">
              {commands ? "No command is called that." : files.words}
            </p>
          )}
        </div>
      </div>
    </Portal>
  );
}

function useActions(query: string | null): Choice[] {
  const commands = useCommands();
  return useMemo(() => {
    if (query === null) return [];
    const shown = commands.filter(({ id, title }) => id !== "commands" && matchWords(query, title));
    return shown.map((command) => ({ ...command, detail: command.detail ?? "", file: false, ...(command.keys ? { keys: command.keys } : {}) }));
  }, [commands, query]);
}

/** Files whose path has the letters in order; with no letters what is open here, then what others look at. */
function useFiles(text: string | null): { choices: Choice[]; words: string; fresh: boolean } {
  const ide = useIde();
  const present = usePresent();
  const { path: query, position } = splitPosition(text ?? "");
  const wanted = text === null ? "" : query.trim();
  const [found, setFound] = useState<{ query: string; paths: readonly string[]; problem: string }>({ query: "", paths: [], problem: "" });

  useEffect(() => {
    if (!wanted) return undefined;
    let gone = false;
    const timer = setTimeout(() => {
      ide.channel
        .request({ type: "FileFind", query: wanted, limit: LIMIT })
        .then((answer) => answer.type === "FileFound" && !gone && setFound({ query: wanted, paths: answer.paths, problem: "" }))
        .catch((error: unknown) => {
          if (!gone) setFound({ query: wanted, paths: [], problem: error instanceof RequestError ? error.sentence : "The search failed." });
        });
    }, ASK_AFTER);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [ide, wanted]);

  const recent = useMemo(() => {
    const { tabs, active } = ide.session.dock.snapshot();
    const own = tabs.flatMap((tab) => (tab.kind === "editor" && tab !== active ? [tab.path] : []));
    const theirs = present.filter((one) => !one.own).map((one) => one.active);
    return [...new Set([...own, ...theirs])].filter((path) => path && !path.includes("://"));
  }, [ide, present]);

  const paths = wanted ? found.paths : recent;
  const choices = paths.map((path) => ({
    id: path,
    title: baseName(path),
    detail: folderOf(path),
    reason: "",
    file: true,
    run: () => ide.open(path, position),
  }));
  const words = !wanted ? "Type some letters of a path." : found.query === wanted ? found.problem || "No file has these letters in its path." : "Looking…";
  return { choices, words, fresh: !wanted || found.query === wanted };
}
