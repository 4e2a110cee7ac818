/** The pages that stand before everything else: a form at the left, and at the right, where there is room, what this is. */
import { Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { Logo } from "../components/Logo";
import classes from "./EntryLayout.module.css";

interface Props {
  title: string;
  text?: ReactNode;
  children: ReactNode;
}

export function EntryLayout({ title, text, children }: Props) {
  return (
    <div className={classes.page}>
      <main className={classes.main}>
        <div className={classes.brand}>
          <Logo size={26} />
          <span>Coterie</span>
        </div>
        <Stack className={classes.column} gap="lg">
          <Stack gap={6}>
            <Title order={1}>{title}</Title>
            {text ? <Text c="dimmed">{text}</Text> : null}
          </Stack>
          {children}
        </Stack>
      </main>
      <aside className={classes.aside} aria-hidden>
        <svg className={classes.motif} viewBox="0 0 32 32" fill="none">
          <path d="M23.07 8.93a10 10 0 1 0 0 14.14" stroke="currentColor" strokeWidth="5.5" strokeLinecap="round" />
          <circle cx="26" cy="16" r="3.6" fill="var(--mantine-color-ember-5)" />
        </svg>
        <p className={classes.claim}>
          Machines with files, terminals and editors, in a web page.
          <br />
          Open one. Let the others in.
        </p>
      </aside>
    </div>
  );
}
