/** The versions of a file: a timeline, each beside the text as it is now, to be restored as an edit. */
import { ActionIcon, Button, Group, Loader, Text, useComputedColorScheme } from "@mantine/core";
import { MergeView, unifiedMergeView } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView, lineNumbers } from "@codemirror/view";
import { IconX } from "@tabler/icons-react";
import { useCallback, useEffect, useRef, useState, useSyncExternalStore, type KeyboardEvent } from "react";
import { useIde } from "../ide/context";
import { useNarrow } from "../ide/useNarrow";
import { RequestError } from "../wire/channel";
import type { Version } from "../wire/generated";
import type { SharedDocument } from "./document";
import classes from "./HistoryView.module.css";
import { restore as restoreText } from "./restoring";
import { look } from "./theme";
import { aboutSize, aboutVersion, whenMade } from "./versions";

interface Props {
  shared: SharedDocument;
  writable: boolean;
  /** The version to show first, 0: the newest. */
  first: number;
  onClose: () => void;
}

export default function HistoryView({ shared, writable, first, onClose }: Props) {
  const { channel, notify } = useIde();
  const narrow = useNarrow();
  const { reason, phase } = useSyncExternalStore(shared.subscribe, shared.snapshot);
  const [versions, setVersions] = useState<readonly Version[] | null>(null);
  const [chosen, setChosen] = useState<Version | null>(null);
  const [text, setText] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const list = useRef<HTMLOListElement>(null);
  const here = useRef<HTMLElement>(null);
  const now = useText(shared);
  const tell = useCallback(
    (error: unknown) => {
      if (!(error instanceof RequestError)) throw error;
      notify({ kind: "problem", sentence: error.sentence });
    },
    [notify],
  );

  useEffect(() => {
    let left = false;
    channel
      .request({ type: "DocumentVersions", document: shared.room })
      .then((answer) => {
        if (left || answer.type !== "DocumentHistory") return;
        setVersions(answer.versions);
        setChosen(answer.versions.find(({ version }) => version === first) ?? answer.versions[0] ?? null);
      })
      .catch(tell);
    return () => {
      left = true;
    };
  }, [channel, shared, first, tell]);

  useEffect(() => {
    if (!chosen) return;
    let left = false;
    setText(null);
    channel
      .request({ type: "DocumentVersion", document: shared.room, version: chosen.version })
      .then((answer) => {
        if (!left && answer.type === "DocumentVersionText") setText(answer.text);
      })
      .catch(tell);
    return () => {
      left = true;
    };
  }, [channel, shared, chosen, tell]);

  // The keyboard is where the versions are as soon as they are there, without being taken from where somebody types.
  useEffect(() => {
    if (versions) (list.current?.querySelector<HTMLElement>('[aria-current="true"]') ?? here.current)?.focus();
  }, [versions]);

  const restore = async () => {
    if (!chosen || text === null) return;
    setBusy(true);
    try {
      // What there is now is a version before it goes.
      await channel.request({ type: "DocumentRevert", document: shared.room });
      restoreText(shared, text);
      notify({ kind: "good", sentence: `The version of ${whenMade(chosen)} is the text again. Undo takes that back.` });
      onClose();
    } catch (error) {
      tell(error);
    } finally {
      setBusy(false);
    }
  };

  const step = (event: KeyboardEvent) => {
    const to = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
    if (to === undefined || !versions?.length || !chosen) return;
    event.preventDefault();
    const at = Math.max(0, Math.min(versions.length - 1, versions.indexOf(chosen) + to));
    setChosen(versions[at] ?? chosen);
    list.current?.querySelectorAll("button")[at]?.focus();
  };

  const same = text !== null && text === now;
  const whyNot = phase !== "open" ? "There is no connection." : !writable ? reason || "You may only watch here." : same ? "This is the text now." : "";
  return (
    <section
      ref={here}
      className={classes.view}
      aria-label="History of this file"
      tabIndex={-1}
      onKeyDown={(event) => {
        if (event.key === "Escape") onClose();
      }}
    >
      <header className={classes.head}>
        <Text fw={600} size="sm" component="h2">
          History
        </Text>
        <Text size="xs" c="dimmed" className={classes.about} role="status">
          {!chosen || text === null ? "" : same ? "The same as the text now" : narrow ? "Struck through: gone since. Green: new since." : "The version on the left, the text now on the right"}
        </Text>
        <Button
          size="compact-sm"
          disabled={!chosen || text === null || whyNot !== ""}
          title={whyNot || undefined}
          loading={busy}
          onClick={() => void restore()}
        >
          Restore this version
        </Button>
        <ActionIcon variant="subtle" color="gray" aria-label="Close the history" onClick={onClose}>
          <IconX size={16} />
        </ActionIcon>
      </header>
      <div className={classes.body}>
        {versions && versions.length > 0 && (
          <ol ref={list} className={classes.list} aria-label="Versions, newest first" onKeyDown={step}>
            {versions.map((version) => (
              <li key={version.version}>
                <button
                  type="button"
                  className={classes.version}
                  aria-current={chosen === version}
                  tabIndex={chosen === version ? 0 : -1}
                  onClick={() => setChosen(version)}
                >
                  <span className={classes.when}>{whenMade(version)}</span>
                  <span className={classes.what}>{aboutVersion(version)}</span>
                  <span className={classes.size}>{aboutSize(version)}</span>
                </button>
              </li>
            ))}
          </ol>
        )}
        {versions === null || (chosen && text === null) ? (
          <Group justify="center" className={classes.none}>
            <Loader size="sm" aria-label="Loading" />
          </Group>
        ) : chosen && text !== null ? (
          <Difference before={text} now={now} beside={!narrow} />
        ) : (
          <Text c="dimmed" size="sm" className={classes.none}>
            There is no earlier version yet. One is kept every minute while somebody types, and before every change from outside.
          </Text>
        )}
      </div>
    </section>
  );
}

const SETTLED = 500;

/** The text, some moments after it last changed: comparing takes long. */
function useText(shared: SharedDocument): string {
  const [text, setText] = useState(() => shared.text.toString());
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const soon = () => {
      clearTimeout(timer);
      timer = setTimeout(() => setText(shared.text.toString()), SETTLED);
    };
    const stop = shared.subscribe(soon);
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [shared]);
  return text;
}

/** Both texts side by side, or in a narrow window one with what is gone and what is new marked. */
function Difference({ before, now, beside }: { before: string; now: string; beside: boolean }) {
  const scheme = useComputedColorScheme("light");
  const holder = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!holder.current) return;
    const named = (label: string) => [
      lineNumbers(),
      EditorState.readOnly.of(true),
      EditorState.lineSeparator.of("\n"),
      EditorView.editable.of(false),
      EditorView.lineWrapping,
      // Read with the keyboard, too.
      EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
      look(scheme),
    ];
    const collapseUnchanged = { margin: 4, minSize: 8 };
    const parent = holder.current;
    const view = beside
      ? new MergeView({
          a: { doc: before, extensions: named("The chosen version") },
          b: { doc: now, extensions: named("The text now") },
          parent,
          collapseUnchanged,
          gutter: true,
        })
      : new EditorView({
          doc: now,
          extensions: [
            named("The text now, with what is gone since the chosen version"),
            unifiedMergeView({ original: before, mergeControls: false, collapseUnchanged, gutter: true }),
          ],
          parent,
        });
    return () => view.destroy();
  }, [before, now, beside, scheme]);
  return <div ref={holder} className={classes.compare} />;
}
