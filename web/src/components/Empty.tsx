/** What stands where a list has nothing yet: what would be here, and how it comes. */
import { Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./Empty.module.css";

interface Props {
  title: string;
  text: string;
  /** The heading's level on its page. */
  order?: 1 | 2 | 3;
  children?: ReactNode;
}

export function Empty({ title, text, order = 2, children }: Props) {
  return (
    <div className={classes.empty}>
      <svg width="72" height="44" viewBox="0 0 72 44" fill="none" aria-hidden>
        <circle cx="18" cy="22" r="12" stroke="var(--coterie-line)" strokeWidth="6" />
        <circle cx="54" cy="22" r="12" stroke="var(--coterie-line)" strokeWidth="6" strokeDasharray="5 7.6" strokeLinecap="round" />
        <circle cx="36" cy="22" r="4" fill="var(--mantine-color-ember-5)" />
      </svg>
      <Title order={order} size="h2">
        {title}
      </Title>
      <Text c="dimmed" maw="34rem">
        {text}
      </Text>
      {children}
    </div>
  );
}
