/** One terminal in a pane: the emulator, who drives it, and what became of its program. */
import { useComputedColorScheme } from "@mantine/core";
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { useIde, type TerminalPaneProps } from "../ide/context";
import { mayTakeFocus } from "../ide/focus";
import { RequestError } from "../wire/channel";
import type { Interruption } from "../wire/generated";
import { safePaste, worthAsking } from "./clipboard";
import { EndedBar } from "./EndedBar";
import type { Emulator } from "./emulator";
import { findFile } from "./findFile";
import { keyAction } from "./keys";
import type { FileLink } from "./links";
import { PasteQuestion } from "./PasteQuestion";
import { SearchBar } from "./SearchBar";
import { changeTerminalSettings, onTerminalSettings, SMALLEST_FONT, terminalSettings } from "./settings";
import { TerminalBadges } from "./TerminalBadges";
import classes from "./TerminalPane.module.css";

/** Milliseconds for which a size must hold before the program is told: dragging a divider passes through many. */
const SIZE_SETTLES = 80;
const BELL_SHOWN = 250;
/** Pixels that the scroll bar takes from the width. */
const SCROLL_BAR = 14;

export default function TerminalPane({ channel, terminal, active }: TerminalPaneProps) {
  const { terminals, people, open, notify } = useIde();
  const infos = useSyncExternalStore(terminals.subscribe, terminals.snapshot);
  const settings = useSyncExternalStore(onTerminalSettings, terminalSettings);
  const state = useSyncExternalStore((listener) => channel.onState(listener), () => channel.state);
  const scheme = useComputedColorScheme("light");
  const info = infos.find((one) => one.terminal === terminal);
  const driving = info !== undefined && info.driver !== 0 && info.driver === people.own;
  const readOnly = state === "open" && !channel.may("terminal.write");

  const view = useRef<HTMLDivElement>(null);
  const host = useRef<HTMLDivElement>(null);
  const emulator = useRef<Emulator | null>(null);
  const told = useRef("");
  const settling = useRef<ReturnType<typeof setTimeout>>(undefined);
  const [ready, setReady] = useState(false);
  const [bell, setBell] = useState(0);
  const [searching, setSearching] = useState(false);
  const [paste, setPaste] = useState<string | null>(null);

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
  }, [terminals, terminal, people]);

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

  // What the emulator calls must be current without making a new emulator.
  const calls = useRef({ openFile, notify, pasted });
  calls.current = { openFile, notify, pasted };

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
    };
    element.addEventListener("paste", onPaste, true);
    void import("./emulator").then(({ Emulator: Made }) => {
      if (gone) return;
      const family = getComputedStyle(element).getPropertyValue("--mantine-font-family-monospace") || "monospace";
      const dark = document.documentElement.dataset.mantineColorScheme === "dark";
      const made = new Made(
        element,
        {
          input: (data) => void terminals.type(terminal, data),
          bell: () => setBell((count) => count + 1),
          copied: (_, allowed) => {
            if (allowed || asked) return;
            asked = true;
            calls.current.notify({
              kind: "info",
              sentence: "A program in a terminal wanted to put text into your clipboard.",
              action: { label: "Allow from now on", run: () => changeTerminalSettings({ programsCopy: true }) },
            });
          },
          openFile: (link) => void calls.current.openFile(link),
        },
        dark ? "dark" : "light",
        family,
      );
      made.terminal.attachCustomKeyEventHandler((event) => {
        const action = keyAction(event, { readOnly: !channel.may("terminal.write"), selected: made.terminal.hasSelection() });
        if (action === "copy") void navigator.clipboard?.writeText(made.selection).catch(() => undefined);
        if (action === "search") setSearching(true);
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
  }, [channel, terminals, terminal]);

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
    shown.setScheme(scheme);
    shown.apply(settings);
    layout();
  }, [ready, driving, readOnly, info?.ended, info?.columns, info?.rows, scheme, settings, layout]);

  useEffect(() => {
    if (active && ready && !searching && paste === null && mayTakeFocus()) emulator.current?.terminal.focus();
  }, [active, ready, searching, paste]);

  useEffect(() => {
    if (!bell) return;
    const timer = setTimeout(() => setBell(0), BELL_SHOWN);
    return () => clearTimeout(timer);
  }, [bell]);

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
            readOnly={readOnly}
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
          mayRun={channel.may("terminal.open")}
          onRunAgain={() => terminals.runAgain(terminal).catch(announce)}
        />
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
