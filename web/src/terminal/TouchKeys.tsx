/** Below a terminal on a phone: the keys that its keyboard lacks. */
import { UnstyledButton } from "@mantine/core";
import IconArrowDown from "@tabler/icons-react/dist/esm/icons/IconArrowDown.mjs";
import IconArrowLeft from "@tabler/icons-react/dist/esm/icons/IconArrowLeft.mjs";
import IconArrowRight from "@tabler/icons-react/dist/esm/icons/IconArrowRight.mjs";
import IconArrowUp from "@tabler/icons-react/dist/esm/icons/IconArrowUp.mjs";
import type { ReactNode } from "react";
import type { Held, TouchKey } from "./keys";
import classes from "./TouchKeys.module.css";

const KEYS: { key: TouchKey; name: string; shown: ReactNode }[] = [
  { key: "Escape", name: "Escape", shown: "Esc" },
  { key: "Tab", name: "Tab", shown: "Tab" },
  { key: "ArrowLeft", name: "Left", shown: <IconArrowLeft size={16} aria-hidden /> },
  { key: "ArrowUp", name: "Up", shown: <IconArrowUp size={16} aria-hidden /> },
  { key: "ArrowDown", name: "Down", shown: <IconArrowDown size={16} aria-hidden /> },
  { key: "ArrowRight", name: "Right", shown: <IconArrowRight size={16} aria-hidden /> },
];
const CHARACTERS = ["|", "/", "-", "~"];

interface Props {
  held: Held;
  onHold: (held: Held) => void;
  onKey: (key: TouchKey) => void;
  onCharacter: (character: string) => void;
  onPaste: () => void;
}

export function TouchKeys({ held, onHold, onKey, onCharacter, onPaste }: Props) {
  const [escape, tab, ...arrows] = KEYS.map(({ key, name, shown }) => (
    <UnstyledButton key={key} className={classes.key} aria-label={name} onClick={() => onKey(key)}>
      {shown}
    </UnstyledButton>
  ));
  const modifier = (name: "ctrl" | "alt", shown: string) => (
    <UnstyledButton className={classes.key} aria-pressed={held[name]} onClick={() => onHold({ ...held, [name]: !held[name] })}>
      {shown}
    </UnstyledButton>
  );
  return (
    // The focus stays in the terminal, or the phone would take its keyboard away with every key.
    <div className={classes.keys} role="toolbar" aria-label="Keys" onPointerDown={(event) => event.preventDefault()} onMouseDown={(event) => event.preventDefault()}>
      {escape}
      {tab}
      {modifier("ctrl", "Ctrl")}
      {modifier("alt", "Alt")}
      {arrows}
      {CHARACTERS.map((character) => (
        <UnstyledButton key={character} className={classes.key} onClick={() => onCharacter(character)}>
          {character}
        </UnstyledButton>
      ))}
      <UnstyledButton className={classes.key} onClick={onPaste}>
        Paste
      </UnstyledButton>
    </div>
  );
}
