/** Asks before several lines are pasted into a terminal. */
import { Button, Checkbox, Group, Modal, Text } from "@mantine/core";
import { useState } from "react";
import { pastedLines } from "./clipboard";
import { changeTerminalSettings } from "./settings";
import classes from "./TerminalPane.module.css";

const PREVIEW = 2_000;

interface Props {
  text: string;
  /** Whether each line end counts as Enter: the program does not know of pastes. */
  runs: boolean;
  onAnswer: (yes: boolean) => void;
}

export function PasteQuestion({ text, runs, onAnswer }: Props) {
  const [never, setNever] = useState(false);
  const answer = (yes: boolean) => {
    if (yes && never) changeTerminalSettings({ warnPaste: false });
    onAnswer(yes);
  };
  return (
    <Modal opened onClose={() => answer(false)} title={`Paste ${pastedLines(text)} lines?`}>
      <Text size="sm">
        {runs
          ? "The program in this terminal takes each line end for the Enter key: a shell runs every line at once."
          : "The program in this terminal is told that this is pasted text."}
      </Text>
      <pre className={classes.preview}>{text.length > PREVIEW ? `${text.slice(0, PREVIEW)}…` : text}</pre>
      <Checkbox label="Do not ask again in this browser" checked={never} onChange={(event) => setNever(event.currentTarget.checked)} />
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={() => answer(false)}>
          Cancel
        </Button>
        <Button data-autofocus onClick={() => answer(true)}>
          Paste
        </Button>
      </Group>
    </Modal>
  );
}
