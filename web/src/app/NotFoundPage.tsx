/** What stands at an address that shows nothing. */
import { Button, Group } from "@mantine/core";
import { Link } from "wouter";
import { Centered } from "../components/Centered";
import { useTitle } from "../components/useTitle";

export function NotFoundPage() {
  useTitle("Not found");
  return (
    <Centered title="Nothing here" text="There is no page at this address. The link may be old, or mistyped.">
      <Group>
        <Button component={Link} href="/">
          Go to your workspaces
        </Button>
      </Group>
    </Centered>
  );
}
