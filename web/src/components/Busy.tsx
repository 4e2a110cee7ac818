/** Says that something is on its way. It shows after a moment only, so that what is quick does not flicker. */
import { Loader } from "@mantine/core";
import classes from "./Busy.module.css";

interface Props {
  label: string;
}

export function Busy({ label }: Props) {
  return (
    <div className={classes.busy} role="status" aria-label={label}>
      <Loader size="sm" type="dots" />
    </div>
  );
}
