/** Says beside a form's button that what was asked for is done. */
import { Text } from "@mantine/core";

interface Props {
  /** Empty: nothing to say. */
  text: string;
}

export function Saved({ text }: Props) {
  return (
    <Text span size="sm" c="dimmed" role="status">
      {text}
    </Text>
  );
}
