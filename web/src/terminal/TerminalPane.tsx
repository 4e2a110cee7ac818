/** One terminal in a pane: the emulator, who drives it, and what became of its program. */
import { useComputedColorScheme } from "@mantine/core";
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { copy } from "../components/copy";
import { useIde, type TerminalPaneProps } from "../ide/context";
import { mayTakeFocus } from "../ide/focus";
import { whyNotTerminal } from "../ide/terminalActions";
import { RequestError } from "../wire/channel";
import type { Interruption } from "../wire/generated";
import { safePaste, worthAsking } from "./clipboard";
import { EndedBar } from "./EndedBar";
import type { Emulator } from "./emulator";
import { findFile } from "./findFile";
import { keyAction, touchKey, withHeld, type Held, type TouchKey } from "./keys";
import type { FileLink } from "./links";
import { PasteQuestion } from "./PasteQuestion";
import { SearchBar } from "./SearchBar";
import { changeTerminalSettings, onTerminalSettings, SMALLEST_FONT, terminalSettings } from "./settings";
import { TerminalBadges } from "./TerminalBadges";
import { TouchKeys } from "./TouchKeys";
import classes from "./TerminalPane.module.css";

/** Milliseconds for which a size must hold before the program is told: dragging a divider passes through many. */
const SIZE_SETTLES = 80;
const BELL_SHOWN = 250;
/** Milliseconds for which somebody who may only watch is reminded of it after trying to type. */
const REMINDED_FOR = 2_000;
const NONE_HELD: Held = { ctrl: false, alt: false };
/** Pixels that the scroll bar takes from the width. */
const SCROLL_BAR = 14;

export default function TerminalPane({ channel, terminal, active }: TerminalPaneProps) {
  const ide = useIde();
  const { terminals, people, open, notify } = ide;
  const infos = useSyncExternalStore(terminals.subscribe, terminals.snapshot);
  const settings = useSyncExternalStore(onTerminalSettings, terminalSettings);
  const state = useSyncExternalStore((listener) => channel.onState(listener), () => channel.state);
  const scheme = useComputedColorScheme("light");
  const info = infos.find((one) => one.terminal === terminal);
  const driving = info !== undefined && info.driver !== 0 && info.driver === people.own;
  const whyNot = whyNotTerminal(ide, "terminal.write");
  const readOnly = state === "open" && whyNot !== "";

  const view = useRef<HTMLDivElement>(null);
  const host = useRef<HTMLDivElement>(null);
  const emulator = useRef<Emulator | null>(null);
  const told = useRef("");
  const settling = useRef<ReturnType<typeof setTimeout>>(undefined);
  const [ready, setReady] = useState(false);
  const [bell, setBell] = useState(0);
  const [searching, setSearching] = useState(false);
  const [paste, setPaste] = useState<string | null>(null);
  const [reminded, setReminded] = useState(0);
  const held = useRef(NONE_HELD);
  const [shownHeld, setShownHeld] = useState(NONE_HELD);
  const hold = useCallback((next: Held) => {
    held.current = next;
    setShownHeld(next);
  }, []);

  /** At somebody else's size the cursor may be out of sight: go where it goes. */
  const follow = useCallback(() => {
    const place = view.current;
    const row = emulator.current?.cursorRow;
    if (!place || !row || emulator.current?.driving) return;
    if (row.bottom > place.scrollTop + place.clientHeight) place.scrollTop = row.bottom - place.clientHeight;
    else if (row.top < place.scrollTop) place.scrollTop = row.top;
  }, []);

  /** Fit what everyone sees into this pane, and tell the server what would fit if this tab drove. */
  const layout = useCallback(() => {
    const shown = emulator.current;
    const place = view.current;
    if (!shown || !place) return;
    const width = place.clientWidth - SCROLL_BAR;
    const height = place.clientHeight;
    const { fontSize } = terminalSettings();
    const now = terminals.get(terminal);
    if (now) {
      const mine = now.driver !== 0 && now.driver === people.own;
      shown.show(now.columns, now.rows, width, height, fontSize, mine ? fontSize : SMALLEST_FONT);
      follow();
    }
    const fits = shown.fits(width, height, fontSize);
    if (!fits) return;
    const size = `${fits.columns}×${fits.rows}`;
    if (size === told.current) return;
    clearTimeout(settling.current);
    settling.current = setTimeout(() => {
      told.current = size;
      terminals.resize(terminal, fits.columns, fits.rows);
    }, told.current ? SIZE_SETTLES : 0);
  }, [terminals, terminal, people, follow]);

  const announce = useCallback(
    (error: unknown) => {
      if (error instanceof RequestError) notify({ kind: "problem", sentence: error.sentence });
    },
    [notify],
  );

  const openFile = useCallback(
    async (link: FileLink) => {
      const path = await findFile(channel, link.path, terminals.get(terminal)?.folder ?? "");
      if (path) open(path, { line: link.line, ...(link.column ? { column: link.column } : {}) });
      else notify({ kind: "info", sentence: `There is no “${link.path}” in this workspace's files.` });
    },
    [channel, terminals, terminal, open, notify],
  );

  const pasted = useCallback((text: string) => {
    const shown = emulator.current;
    if (!shown || !text) return;
    if (worthAsking(text) && terminalSettings().warnPaste) setPaste(text);
    else shown.terminal.paste(safePaste(text));
  }, []);

  const typed = useCallback(
    (data: string) => {
      const sent = withHeld(data, held.current);
      if (held.current !== NONE_HELD) hold(NONE_HELD);
      return sent;
    },
    [hold],
  );

  const copyToClipboard = useCallback(
    async (text: string) => {
      if (!(await copy(text))) notify({ kind: "problem", sentence: "The browser did not let the text into your clipboard." });
      emulator.current?.terminal.focus();
    },
    [notify],
  );

  const copiedByProgram = useCallback(
    async (text: string) => {
      const allowed = terminalSettings().programsCopy;
      if (allowed && (await copy(text))) return;
      notify({
        kind: "info",
        sentence: allowed
          ? "A program in a terminal put text into your clipboard, but the browser wants you to do it yourself."
          : "A program in a terminal wanted to put text into your clipboard.",
        action: allowed
          ? { label: "Copy", run: () => void copyToClipboard(text) }
          : { label: "Allow from now on", run: () => changeTerminalSettings({ programsCopy: true }) },
      });
    },
    [notify, copyToClipboard],
  );

  const remind = useCallback(() => setReminded((count) => count + 1), []);

  // What the emulator calls must be current without making a new emulator.
  const calls = useRef({ openFile, pasted, typed, copyToClipboard, copiedByProgram });
  calls.current = { openFile, pasted, typed, copyToClipboard, copiedByProgram };

  useEffect(() => {
    let gone = false;
    let detach = () => {};
    let asked = false;
    const element = host.current;
    if (!element) return;
    const onPaste = (event: ClipboardEvent) => {
      event.preventDefault();
      event.stopPropagation();
      if (channel.may("terminal.write")) calls.current.pasted(event.clipboardData?.getData("text/plain") ?? "");
      else remind();
    };
    element.addEventListener("paste", onPaste, true);
    void import("./emulator").then(({ Emulator: Made }) => {
      if (gone) return;
      const family = getComputedStyle(element).getPropertyValue("--mantine-font-family-monospace") || "monospace";
      const dark = document.documentElement.dataset.mantineColorScheme === "dark";
      const made = new Made(
        element,
        {
          input: (data) => {
            if (!terminals.type(terminal, data)) remind();
          },
          typed: (data) => calls.current.typed(data),
          bell: () => setBell((count) => count + 1),
          moved: follow,
          copied: (text) => {
            if (asked && !terminalSettings().programsCopy) return;
            asked = true;
            void calls.current.copiedByProgram(text);
          },
          openFile: (link) => void calls.current.openFile(link),
        },
        dark ? "dark" : "light",
        family,
      );
      made.terminal.attachCustomKeyEventHandler((event) => {
        const action = keyAction(event, { readOnly: !channel.may("terminal.write"), selected: made.terminal.hasSelection() });
        if (action === "copy") void calls.current.copyToClipboard(made.selection);
        if (action === "search") setSearching(true);
        if (action === "page" && isTyping(event) && channel.welcome && !channel.may("terminal.write")) remind();
        if (action === "copy" || action === "search") event.preventDefault();
        return action === "type";
      });
      emulator.current = made;
      detach = terminals.attach(terminal, made);
      told.current = "";
      setReady(true);
    });
    return () => {
      gone = true;
      clearTimeout(settling.current);
      element.removeEventListener("paste", onPaste, true);
      detach();
      emulator.current?.dispose();
      emulator.current = null;
      setReady(false);
    };
  }, [channel, terminals, terminal, remind, follow]);

  useEffect(() => {
    const place = view.current;
    if (!ready || !place) return;
    const observer = new ResizeObserver(layout);
    observer.observe(place);
    return () => observer.disconnect();
  }, [ready, layout]);

  useEffect(() => {
    const shown = emulator.current;
    if (!shown) return;
    shown.driving = driving;
    shown.setReadOnly(readOnly || (info?.ended ?? true));
    shown.setScheme(scheme, searching);
    shown.apply(settings);
    layout();
  }, [ready, driving, readOnly, info?.ended, info?.columns, info?.rows, scheme, searching, settings, layout]);

  useEffect(() => {
    if (active && ready && !searching && paste === null && mayTakeFocus()) emulator.current?.terminal.focus();
  }, [active, ready, searching, paste]);

  useEffect(() => {
    if (!bell) return;
    const timer = setTimeout(() => setBell(0), BELL_SHOWN);
    return () => clearTimeout(timer);
  }, [bell]);

  useEffect(() => {
    if (!reminded) return;
    const timer = setTimeout(() => setReminded(0), REMINDED_FOR);
    return () => clearTimeout(timer);
  }, [reminded]);

  const input = (data: string) => emulator.current?.terminal.input(data);
  const pressed = (key: TouchKey) => {
    const sent = touchKey(key, held.current, emulator.current?.terminal.modes.applicationCursorKeysMode ?? false);
    hold(NONE_HELD);
    input(sent);
  };
  const pasteFromClipboard = () =>
    navigator.clipboard
      ?.readText()
      .then(pasted)
      .catch(() => notify({ kind: "info", sentence: "The browser did not let the page read your clipboard." })) ??
    notify({ kind: "info", sentence: "Browsers let pages read the clipboard only over HTTPS. Hold a finger on the terminal to paste." });

  const signal = (interruption: Interruption) => void terminals.signal(terminal, interruption).catch(announce);

  return (
    <div className={classes.pane} data-bell={bell > 0 || undefined} data-terminal={terminal}>
      <div className={classes.main}>
        <div ref={view} className={classes.view} data-scaled={!driving || undefined}>
          <div ref={host} className={classes.host} />
        </div>
        {info && (
          <TerminalBadges
            info={info}
            whyNot={whyNot}
            readOnly={readOnly}
            reminded={reminded > 0}
            settings={settings}
            onSearch={() => setSearching(true)}
            onSignal={signal}
          />
        )}
        {searching && emulator.current && (
          <SearchBar search={emulator.current.search} onClose={() => setSearching(false)} />
        )}
      </div>
      {info?.ended && (
        <EndedBar
          info={info}
          whyNot={whyNotTerminal(ide, "terminal.open")}
          onRunAgain={() => terminals.runAgain(terminal).catch(announce)}
        />
      )}
      {info && !info.ended && !readOnly && (
        <TouchKeys held={shownHeld} onHold={hold} onKey={pressed} onCharacter={input} onPaste={() => void pasteFromClipboard()} />
      )}
      {paste !== null && (
        <PasteQuestion
          text={paste}
          runs={!emulator.current?.terminal.modes.bracketedPasteMode}
          onAnswer={(yes) => {
            if (yes) emulator.current?.terminal.paste(safePaste(paste));
            setPaste(null);
          }}
        />
      )}
    </div>
  );
}

/** Whether a key press was meant to put something in. */
function isTyping(event: KeyboardEvent): boolean {
  return event.type === "keydown" && (event.key.length === 1 || event.key === "Enter") && !event.ctrlKey && !event.metaKey && !event.altKey;
}
