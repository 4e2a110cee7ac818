/** A file in a tab: its text, edited together, with what there is to say about it around it. */
import { Button, Group, Loader, Text, Tooltip, UnstyledButton, useComputedColorScheme } from "@mantine/core";
import { IconHistory, IconUserEdit } from "@tabler/icons-react";
import { lazy, Suspense, useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore } from "react";
import { downloadUrl } from "../files/addresses";
import { useIde, type EditorPaneProps } from "../ide/context";
import { mayTakeFocus } from "../ide/focus";
import { RequestError } from "../wire/channel";
import type { SharedDocument } from "./document";
import classes from "./EditorPane.module.css";
import OnlyCopy from "./OnlyCopy";
import { Editor, type Place } from "./view";

const HistoryView = lazy(() => import("./HistoryView"));
const LargeText = lazy(() => import("./LargeText"));

export default function EditorPane({ path, active, at }: EditorPaneProps) {
  const { documents } = useIde();
  const [shared, setShared] = useState<SharedDocument | null>(null);
  useEffect(() => {
    const opened = documents.open(path);
    setShared(opened);
    return () => documents.release(opened);
    // A file that is renamed while it is open keeps its document; the tab's path follows.
  }, [documents]);
  const replaced = useSyncExternalStore(documents.subscribe, () => shared?.successor ?? null);
  useEffect(() => {
    if (replaced) setShared(replaced);
  }, [replaced]);
  if (!shared || replaced) return null;
  return <DocumentPane shared={shared} active={active} at={at} />;
}

function DocumentPane({ shared, active, at }: { shared: SharedDocument; active: boolean; at: EditorPaneProps["at"] }) {
  const { channel, notify, workspace } = useIde();
  const facts = useSyncExternalStore(shared.subscribe, shared.snapshot);
  const [place, setPlace] = useState<Place>({ line: 1, column: 1, selected: 0, writer: "" });
  /** The version that the history begins with, 0: the newest; null while the text is shown. */
  const [history, setHistory] = useState<number | null>(null);
  const [named, setNamed] = useState(false);
  useEffect(
    () =>
      shared.onNotice(({ kind, sentence, version }) =>
        notify({ kind, sentence, action: version ? { label: "Show it", run: () => setHistory(version) } : undefined }),
      ),
    [shared, notify],
  );

  if (facts.phase === "failed" && facts.failure?.code === "too-big") {
    return (
      <Suspense fallback={<Waiting path={facts.path} />}>
        <LargeText channel={channel} path={facts.path} />
      </Suspense>
    );
  }
  if (facts.phase === "failed") {
    return (
      <div className={classes.message} role="alert">
        <Text fw={600}>{facts.path}</Text>
        <Text c="dimmed" maw={420} ta="center">
          {facts.failure?.sentence}
        </Text>
        {facts.failure?.code === "binary" ? (
          <Button variant="default" component="a" href={downloadUrl(workspace, facts.path, false)} download>
            Download
          </Button>
        ) : (
          <Button variant="default" onClick={() => void shared.open()}>
            Try again
          </Button>
        )}
      </div>
    );
  }
  if (facts.phase === "opening") return <Waiting path={facts.path} />;
  return (
    <div className={classes.pane}>
      {facts.phase === "offline" && facts.failure?.code === "not-found" ? (
        <div className={classes.banner} data-tone="warning">
          <OnlyCopy sentence={facts.failure.sentence} path={facts.path} text={() => shared.text.toString()} />
        </div>
      ) : (
        facts.gone && <Gone shared={shared} />
      )}
      {!facts.writable && facts.phase === "open" && facts.reason && (
        <div className={classes.banner} role="status">
          <Text size="sm">Read-only. {facts.reason}</Text>
        </div>
      )}
      <TextArea shared={shared} active={active && history === null} at={at} named={named} hidden={history !== null} onPlace={setPlace} />
      {history !== null && (
        <Suspense fallback={<Waiting path={facts.path} />}>
          <HistoryView
            key={facts.generation}
            shared={shared}
            writable={facts.writable}
            first={history}
            onClose={() => setHistory(null)}
          />
        </Suspense>
      )}
      <footer className={classes.foot} aria-label="Place in the file">
        <span className={classes.path} title={facts.path}>
          {facts.path}
        </span>
        <Tooltip label="Name who wrote each line">
          <UnstyledButton
            className={classes.tool}
            aria-label="Who wrote this"
            aria-pressed={named}
            disabled={history !== null}
            onClick={() => setNamed(!named)}
          >
            <IconUserEdit size={14} aria-hidden /> Who wrote this
          </UnstyledButton>
        </Tooltip>
        <Tooltip label="Earlier versions of this file">
          <UnstyledButton
            className={classes.tool}
            aria-label="History"
            aria-pressed={history !== null}
            disabled={facts.phase !== "open" && history === null}
            onClick={() => setHistory(history === null ? 0 : null)}
          >
            <IconHistory size={14} aria-hidden /> History
          </UnstyledButton>
        </Tooltip>
        <span>
          Line {place.line}, column {place.column}
          {place.selected > 0 && ` (${place.selected} selected)`}
        </span>
        {named && history === null && <span className={classes.writer}>{place.writer}</span>}
        {facts.format && <span>{facts.format}</span>}
      </footer>
    </div>
  );
}

function Waiting({ path }: { path: string }) {
  return (
    <div className={classes.message} aria-busy="true">
      <Loader size="sm" aria-label={`Opening ${path}`} />
    </div>
  );
}

interface TextAreaProps {
  shared: SharedDocument;
  active: boolean;
  at: EditorPaneProps["at"];
  /** Whether a column names who wrote each line. */
  named: boolean;
  hidden: boolean;
  onPlace: (place: Place) => void;
}

function TextArea({ shared, active, at, named, hidden, onPlace }: TextAreaProps) {
  const { channel, people } = useIde();
  const scheme = useComputedColorScheme("light");
  const holder = useRef<HTMLDivElement>(null);
  const editor = useRef<Editor | null>(null);
  useLayoutEffect(() => {
    if (!holder.current) return;
    const made = new Editor(holder.current, shared, { channel, people }, scheme, onPlace);
    editor.current = made;
    const stop = shared.subscribe(() => made.refresh());
    return () => {
      stop();
      made.destroy();
      editor.current = null;
    };
    // The colour scheme has its own effect: changing it must not make another editor.
  }, [shared, channel, people, onPlace]);
  useEffect(() => editor.current?.setScheme(scheme), [scheme]);
  useEffect(() => editor.current?.nameWriters(named), [named]);
  useEffect(() => {
    if (active && mayTakeFocus()) editor.current?.view.focus();
  }, [active]);
  useEffect(() => {
    if (at?.line) editor.current?.goTo(at.line, at.column);
  }, [at]);
  return <div ref={holder} className={classes.text} hidden={hidden} />;
}

function Gone({ shared }: { shared: SharedDocument }) {
  const { notify } = useIde();
  const [busy, setBusy] = useState(false);
  const restore = async () => {
    setBusy(true);
    try {
      await shared.writeAgain();
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      notify({ kind: "problem", sentence: error.sentence });
    } finally {
      setBusy(false);
    }
  };
  return (
    <Group className={classes.banner} data-tone="warning" justify="space-between" wrap="nowrap" role="alert">
      <Text size="sm">This file was deleted. Its text is kept here.</Text>
      <Button size="compact-sm" variant="default" flex="none" loading={busy} onClick={() => void restore()}>
        Restore the file
      </Button>
    </Group>
  );
}
