/** A person as a coloured circle with their initials; decoration beside a name, hidden from screen readers. */
import { colourOf } from "../presence/colours";
import { initials } from "../presence/group";
import classes from "./PersonMark.module.css";

interface Props {
  name: string;
  colour: number;
  size?: number;
}

export function PersonMark({ name, colour, size = 26 }: Props) {
  const { light, dark } = colourOf(colour);
  return (
    <span
      className={classes.mark}
      style={{
        width: size,
        height: size,
        fontSize: size * 0.4,
        color: `light-dark(${light.text}, ${dark.text})`,
        background: `light-dark(${light.solid}, ${dark.solid})`,
      }}
      aria-hidden
    >
      {initials(name)}
    </span>
  );
}
