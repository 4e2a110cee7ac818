/** The dialog in which the page asks its questions. */
import { Button, Group, Modal, Text } from "@mantine/core";
import { useSyncExternalStore } from "react";
import type { Questions } from "./questions";
import classes from "./QuestionDialog.module.css";

const SHOWN = 6;

export default function QuestionDialog({ questions }: { questions: Questions }) {
  const question = useSyncExternalStore(questions.subscribe, questions.snapshot);
  if (!question) return null;
  const names = question.names ?? [];
  return (
    <Modal opened onClose={() => questions.answer(null)} title={<span className={classes.title}>{question.title}</span>} closeButtonProps={{ "aria-label": "Close" }}>
      <Text size="sm">{question.text}</Text>
      {names.length > 0 && (
        <ul className={classes.names}>
          {names.slice(0, SHOWN).map((name) => (
            <li key={name}>{name}</li>
          ))}
          {names.length > SHOWN && <li className={classes.more}>and {names.length - SHOWN} more</li>}
        </ul>
      )}
      <Group justify="flex-end" mt="lg" gap="xs">
        <Button variant="default" onClick={() => questions.answer(null)}>
          Cancel
        </Button>
        {[...question.answers].reverse().map((answer) => (
          <Button
            key={answer.value}
            {...(answer.danger ? { color: "red" } : {})}
            {...(answer === question.answers[0] ? { "data-autofocus": true } : { variant: "default" })}
            onClick={() => questions.answer(answer.value)}
          >
            {answer.label}
          </Button>
        ))}
      </Group>
    </Modal>
  );
}
