/** What went wrong, in the server's sentence, said aloud when it appears. */
import { Alert } from "@mantine/core";
import IconAlertCircle from "@tabler/icons-react/dist/esm/icons/IconAlertCircle.mjs";
import type { ReactNode } from "react";
import { sentenceOf } from "../api/errors";

interface Props {
  /** Nothing is shown for null. */
  error: unknown;
  children?: ReactNode;
}

export function Failure({ error, children }: Props) {
  if (!error) return null;
  return (
    <Alert color="red" role="alert" icon={<IconAlertCircle size={18} />}>
      {sentenceOf(error)}
      {children}
    </Alert>
  );
}
