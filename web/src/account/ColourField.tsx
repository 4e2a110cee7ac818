/** Choosing one's colour: real radio buttons, each shown as the person would be. */
import { useId } from "react";
import { COLOURS } from "../presence/colours";
import { PersonMark } from "../components/PersonMark";
import classes from "./ColourField.module.css";

interface Props {
  name: string;
  value: number;
  onChange: (colour: number) => void;
}

export function ColourField({ name, value, onChange }: Props) {
  const group = useId();
  return (
    <fieldset className={classes.field}>
      <legend className={classes.legend}>Colour</legend>
      <div className={classes.colours}>
        {COLOURS.map((colour, index) => (
          <label key={colour.name} className={classes.colour} title={colour.name}>
            <input
              type="radio"
              className={classes.input}
              name={group}
              value={index}
              checked={index === value}
              aria-label={colour.name}
              onChange={() => onChange(index)}
            />
            <PersonMark name={name} colour={index} size={30} />
          </label>
        ))}
      </div>
    </fieldset>
  );
}
