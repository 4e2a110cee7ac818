/** Making the first administrator, by the one-time link that the hub prints when it starts without one. */
import { Anchor, Button, Group, Text } from "@mantine/core";
import { Link, useLocation } from "wouter";
import { useSetup, useSetupState } from "../api/account";
import { Busy } from "../components/Busy";
import { Centered } from "../components/Centered";
import { Failure } from "../components/Failure";
import { useTitle } from "../components/useTitle";
import { AccountForm } from "./AccountForm";
import { EntryLayout } from "./EntryLayout";
import { useFragmentToken } from "./fragment";

export default function SetupPage() {
  useTitle("Set up");
  const token = useFragmentToken();
  const state = useSetupState();
  const setup = useSetup();
  const [, navigate] = useLocation();

  if (state.error) {
    return (
      <EntryLayout title="Set up Coterie">
        <Failure error={state.error} />
        <Group>
          <Button loading={state.isFetching} onClick={() => void state.refetch()}>
            Try again
          </Button>
        </Group>
      </EntryLayout>
    );
  }
  if (!state.data) return <Busy label="Asking whether Coterie is set up" />;
  if (!state.data.needed && !setup.isSuccess) {
    return (
      <Centered title="Coterie is set up already" text="There is an administrator, so this link does nothing any more.">
        <Group>
          <Button component={Link} href="/sign-in">
            Sign in
          </Button>
        </Group>
      </Centered>
    );
  }
  if (token === null) {
    return (
      <EntryLayout
        title="The link is not complete"
        text="Open the whole one-time link that Coterie printed where it was started; it ends with # and a long code."
      >
        <Text size="sm" c="dimmed">
          A reloaded page has lost the code: open the link again. <Anchor component={Link} href="/sign-in">Sign in instead</Anchor>
        </Text>
      </EntryLayout>
    );
  }
  return (
    <EntryLayout
      title="Welcome to Coterie"
      text="You are the first here. This account administers Coterie: it invites people and looks after their accounts."
    >
      <AccountForm
        action="Create administrator"
        pending={setup.isPending}
        error={setup.error}
        onSubmit={(account) => setup.mutate({ ...account, token }, { onSuccess: () => navigate("/", { replace: true }) })}
      />
    </EntryLayout>
  );
}
