/** What is said over a text that the workspace may not have any more, and how to take it along. */
import { Button, Group, Text } from "@mantine/core";
import { useState } from "react";
import { copy } from "../components/copy";

interface OnlyCopyProps {
  /** Why, a sentence. */
  sentence: string;
  path: string;
  text: () => string;
}

export default function OnlyCopy({ sentence, path, text }: OnlyCopyProps) {
  const [copied, setCopied] = useState<boolean | null>(null);
  return (
    <Group justify="space-between" role="alert">
      <Text size="sm" flex="1 1 260px">
        {sentence} It stays on this page until you close it.
        {copied === false && " The browser did not let the text into your clipboard: download it."}
      </Text>
      <Group gap="xs" wrap="nowrap">
        <Button size="compact-sm" variant="default" onClick={() => void copy(text()).then(setCopied)}>
          {copied ? "Copied" : "Copy the text"}
        </Button>
        <Button size="compact-sm" variant="default" onClick={() => save(path, text())}>
          Download
        </Button>
      </Group>
    </Group>
  );
}

function save(path: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.download = path.slice(path.lastIndexOf("/") + 1);
  link.click();
  // Not before the browser has begun to read it.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
