/** A titled part of a page: what it is about at the left, its controls at the right where there is room. */
import { Text, Title } from "@mantine/core";
import { useId, type ReactNode } from "react";
import classes from "./Section.module.css";

interface Props {
  title: string;
  text?: ReactNode;
  children: ReactNode;
  /** One column: for lists that need the width. */
  wide?: boolean;
}

export function Section({ title, text, children, wide = false }: Props) {
  const heading = useId();
  return (
    <section className={classes.section} data-wide={wide || undefined} aria-labelledby={heading}>
      <div className={classes.about}>
        <Title order={2} id={heading} size="h3">
          {title}
        </Title>
        {text ? (
          <Text size="sm" c="dimmed">
            {text}
          </Text>
        ) : null}
      </div>
      <div className={classes.card}>{children}</div>
    </section>
  );
}
