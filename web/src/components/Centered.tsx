/** A page that says one thing: the logo, a heading, a sentence, and what can be done. */
import type { ReactNode } from "react";
import { Stack, Text, Title } from "@mantine/core";
import { Logo } from "./Logo";
import classes from "./Centered.module.css";

interface Props {
  title: string;
  text?: ReactNode;
  children?: ReactNode;
}

export function Centered({ title, text, children }: Props) {
  return (
    <main className={classes.page}>
      <Stack className={classes.column} gap="lg">
        <Logo size={32} />
        <Stack gap="xs">
          <Title order={1}>{title}</Title>
          {text ? <Text c="dimmed">{text}</Text> : null}
        </Stack>
        {children}
      </Stack>
    </main>
  );
}
