/** The dialog in which the page asks its questions. */
import { Button, Group, Modal, Text, TextInput } from "@mantine/core";
import { useState, useSyncExternalStore, type FormEvent } from "react";
import type { Question, Questions } from "./questions";
import classes from "./QuestionDialog.module.css";

const SHOWN = 6;

export default function QuestionDialog({ questions }: { questions: Questions }) {
  const question = useSyncExternalStore(questions.subscribe, questions.snapshot);
  if (!question) return null;
  if (question.field) return <FieldDialog key={question.title} questions={questions} question={question} field={question.field} />;
  const names = question.names ?? [];
  return (
    <Modal opened onClose={() => questions.answer(null)} title={<span className={classes.title}>{question.title}</span>} closeButtonProps={{ "aria-label": "Close" }}>
      {question.text && <Text size="sm">{question.text}</Text>}
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

interface FieldProps {
  questions: Questions;
  question: Question;
  field: NonNullable<Question["field"]>;
}

function FieldDialog({ questions, question, field }: FieldProps) {
  const [text, setText] = useState(field.value);
  const given = text.trim();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (given) questions.answer(given);
  };
  return (
    <Modal opened onClose={() => questions.answer(null)} title={<span className={classes.title}>{question.title}</span>} closeButtonProps={{ "aria-label": "Close" }}>
      <form onSubmit={submit}>
        <TextInput
          label={field.label}
          description={question.text || undefined}
          value={text}
          maxLength={field.longest}
          data-autofocus
          onFocus={(event) => event.currentTarget.select()}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Group justify="flex-end" mt="lg" gap="xs">
          <Button variant="default" onClick={() => questions.answer(null)}>
            Cancel
          </Button>
          <Button type="submit" disabled={!given}>
            {question.answers[0]?.label}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
