/** The versions of a file: a timeline, each beside the text as it is now, to be restored as an edit. */
import { ActionIcon, Badge, Button, Group, Loader, Text, useComputedColorScheme } from "@mantine/core";
import { MergeView } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView, lineNumbers } from "@codemirror/view";
import { IconX } from "@tabler/icons-react";
import { useCallback, useEffect, useRef, useState } from "react";
import { useIde } from "../ide/context";
import { RequestError } from "../wire/channel";
import type { Version } from "../wire/generated";
import type { SharedDocument } from "./document";
import classes from "./HistoryView.module.css";
import { look } from "./theme";

const WHEN = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const WHY: Record<string, string> = {
  overwritten: "Before another program changed it",
  event: "Before",
  kept: "Kept aside",
  restored: "Before an older version was restored",
};

interface Props {
  shared: SharedDocument;
  writable: boolean;
  onClose: () => void;
}

export default function HistoryView({ shared, writable, onClose }: Props) {
  const { channel, notify } = useIde();
  const [versions, setVersions] = useState<readonly Version[] | null>(null);
  const [chosen, setChosen] = useState<Version | null>(null);
  const [text, setText] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
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
        setChosen(answer.versions[0] ?? null);
      })
      .catch(tell);
    return () => {
      left = true;
    };
  }, [channel, shared, tell]);

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

  const restore = async () => {
    if (!chosen) return;
    setBusy(true);
    try {
      await channel.request({ type: "DocumentRevert", document: shared.room, version: chosen.version });
      onClose();
    } catch (error) {
      tell(error);
    } finally {
      setBusy(false);
    }
  };

  return (
    <section className={classes.view} aria-label="History of this file">
      <header className={classes.head}>
        <Text fw={600} size="sm">
          History
        </Text>
        <Text size="xs" c="dimmed" className={classes.about}>
          {chosen ? `${WHEN.format(chosen.time * 1000)} on the left, the text now on the right` : ""}
        </Text>
        <Button size="compact-sm" disabled={!chosen || !writable} loading={busy} onClick={() => void restore()}>
          Restore this version
        </Button>
        <ActionIcon variant="subtle" color="gray" aria-label="Close the history" onClick={onClose}>
          <IconX size={16} />
        </ActionIcon>
      </header>
      <div className={classes.body}>
        <ol className={classes.list} aria-label="Versions, newest first">
          {versions?.map((version) => (
            <li key={version.version}>
              <button
                type="button"
                className={classes.version}
                aria-current={chosen?.version === version.version}
                onClick={() => setChosen(version)}
              >
                <span className={classes.when}>{WHEN.format(version.time * 1000)}</span>
                <span className={classes.who}>{version.authors.join(", ") || WHY[version.kind] || "As it was"}</span>
                {version.name && (
                  <Badge size="xs" variant="light" color="ember" className={classes.name}>
                    {version.name}
                  </Badge>
                )}
              </button>
            </li>
          ))}
        </ol>
        {versions === null || (chosen && text === null) ? (
          <Group justify="center" className={classes.none}>
            <Loader size="sm" aria-label="Loading" />
          </Group>
        ) : chosen && text !== null ? (
          <SideBySide before={text} now={shared.text.toString()} />
        ) : (
          <Text c="dimmed" size="sm" className={classes.none}>
            There is no earlier version yet. One is kept every minute while somebody types, and before every change from outside.
          </Text>
        )}
      </div>
    </section>
  );
}

function SideBySide({ before, now }: { before: string; now: string }) {
  const scheme = useComputedColorScheme("light");
  const holder = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!holder.current) return;
    const extensions = [
      lineNumbers(),
      EditorState.readOnly.of(true),
      EditorState.lineSeparator.of("\n"),
      EditorView.editable.of(false),
      look(scheme),
    ];
    const view = new MergeView({
      a: { doc: before, extensions: [extensions, EditorView.contentAttributes.of({ "aria-label": "The chosen version" })] },
      b: { doc: now, extensions: [extensions, EditorView.contentAttributes.of({ "aria-label": "The text now" })] },
      parent: holder.current,
      collapseUnchanged: { margin: 4, minSize: 8 },
      gutter: true,
    });
    return () => view.destroy();
  }, [before, now, scheme]);
  return <div ref={holder} className={classes.compare} />;
}
