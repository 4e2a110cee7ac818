/** A button that asks once more where it stands: the first press changes what it says, the second does it. */
import { Button, type ButtonProps } from "@mantine/core";
import { useState } from "react";

interface Props extends ButtonProps {
  children: string;
  /** What the button says after the first press. */
  question: string;
  /** Its whole name for those who do not see what it stands beside. */
  name?: string;
  onConfirm: () => void;
}

export function ConfirmButton({ children, question, name, onConfirm, ...button }: Props) {
  const [asked, setAsked] = useState(false);
  return (
    <Button
      variant={asked ? "filled" : "default"}
      color={asked ? "red" : undefined}
      {...button}
      aria-label={asked ? `${question}${name ? ` ${name}` : ""}` : name ? `${children} ${name}` : undefined}
      onBlur={() => setAsked(false)}
      onKeyDown={(event) => {
        if (event.key === "Escape" && asked) {
          event.stopPropagation();
          setAsked(false);
        }
      }}
      onClick={() => {
        if (asked) onConfirm();
        setAsked(!asked);
      }}
    >
      {asked ? question : children}
    </Button>
  );
}
