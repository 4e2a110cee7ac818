/** Something shown this once: the text, a button that copies it, and the plain statement that it does not come back. */
import { Button, Text, VisuallyHidden } from "@mantine/core";
import IconCheck from "@tabler/icons-react/dist/esm/icons/IconCheck.mjs";
import IconCopy from "@tabler/icons-react/dist/esm/icons/IconCopy.mjs";
import { useState } from "react";
import { copy } from "./copy";
import classes from "./Secret.module.css";

interface Props {
  /** What it is, for the field's label. */
  label: string;
  text: string;
  note: string;
}

export function Secret({ label, text, note }: Props) {
  const [copied, setCopied] = useState<"no" | "yes" | "failed">("no");
  return (
    <div className={classes.secret}>
      <div className={classes.row}>
        <input
          className={classes.text}
          aria-label={label}
          value={text}
          readOnly
          onFocus={(event) => event.currentTarget.select()}
        />
        <Button
          variant="default"
          leftSection={copied === "yes" ? <IconCheck size={16} /> : <IconCopy size={16} />}
          onClick={() => void copy(text).then((done) => setCopied(done ? "yes" : "failed"))}
        >
          {copied === "yes" ? "Copied" : "Copy"}
        </Button>
      </div>
      <Text size="sm" c="dimmed" mt={6}>
        {copied === "failed" ? "This browser does not let the page copy. Select the text and copy it yourself. " : ""}
        {note}
      </Text>
      <VisuallyHidden role="status">{copied === "yes" ? `${label} copied` : ""}</VisuallyHidden>
    </div>
  );
}
