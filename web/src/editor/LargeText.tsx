/** A text file that is too large to be edited: read page by page. */
import { Button, Group, Text, useComputedColorScheme } from "@mantine/core";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, keymap } from "@codemirror/view";
import { defaultKeymap } from "@codemirror/commands";
import { search, searchKeymap } from "@codemirror/search";
import { useCallback, useEffect, useRef, useState } from "react";
import { RequestError, type Channel } from "../wire/channel";
import type { DocumentPaged } from "../wire/generated";
import classes from "./EditorPane.module.css";
import { look } from "./theme";

const PAGE = 256 * 1024;

export default function LargeText({ channel, path }: { channel: Channel; path: string }) {
  const [page, setPage] = useState<DocumentPaged | null>(null);
  const [problem, setProblem] = useState("");
  const turn = useCallback(
    async (offset: number) => {
      try {
        setPage((await channel.request({ type: "DocumentPage", path, offset: Math.max(0, offset) })) as DocumentPaged);
        setProblem("");
      } catch (error) {
        if (!(error instanceof RequestError)) throw error;
        setProblem(error.sentence);
      }
    },
    [channel, path],
  );
  useEffect(() => void turn(0), [turn]);
  return (
    <div className={classes.pane}>
      <Group className={classes.banner} justify="space-between" role="status">
        <Text size="sm">{problem || "Read-only: this file is too large to be edited together."}</Text>
        {page && (
          <Group gap="xs" wrap="nowrap">
            <Text size="xs" c="dimmed">
              {megabytes(page.offset)} to {megabytes(page.end)} of {megabytes(page.size)} MB
            </Text>
            <Button.Group>
              <Button size="compact-xs" variant="default" disabled={page.offset === 0} onClick={() => void turn(0)}>
                Start
              </Button>
              <Button size="compact-xs" variant="default" disabled={page.offset === 0} onClick={() => void turn(page.offset - PAGE)}>
                Back
              </Button>
              <Button size="compact-xs" variant="default" disabled={page.end >= page.size} onClick={() => void turn(page.end)}>
                Next
              </Button>
              <Button size="compact-xs" variant="default" disabled={page.end >= page.size} onClick={() => void turn(page.size - PAGE)}>
                End
              </Button>
            </Button.Group>
          </Group>
        )}
      </Group>
      <PageText text={page?.text ?? ""} label={path} />
    </div>
  );
}

function PageText({ text, label }: { text: string; label: string }) {
  const scheme = useComputedColorScheme("light");
  const holder = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!holder.current) return;
    const view = new EditorView({
      parent: holder.current,
      doc: text,
      extensions: [
        EditorState.readOnly.of(true),
        EditorView.contentAttributes.of({ "aria-label": label }),
        drawSelection(),
        search({ top: true }),
        keymap.of([...defaultKeymap, ...searchKeymap]),
        look(scheme),
      ],
    });
    return () => view.destroy();
  }, [text, label, scheme]);
  return <div ref={holder} className={classes.text} />;
}

function megabytes(bytes: number): string {
  return (bytes / (1 << 20)).toFixed(1);
}
