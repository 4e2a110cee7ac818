/** Making an account by an invitation's link, or without one where anyone may. */
import { Anchor, Button, Group, Text } from "@mantine/core";
import { Link, useLocation } from "wouter";
import { useInvitation, useMe, useRegister, useSetupState } from "../api/account";
import { Busy } from "../components/Busy";
import { Failure } from "../components/Failure";
import { useTitle } from "../components/useTitle";
import { AccountForm } from "./AccountForm";
import { EntryLayout } from "./EntryLayout";
import { useFragmentToken } from "./fragment";

export default function JoinPage() {
  useTitle("Join");
  const token = useFragmentToken();
  const me = useMe();
  const open = useSetupState();
  const invitation = useInvitation(token);
  const register = useRegister();
  const [, navigate] = useLocation();

  if (me.isPending || (token ? invitation.isPending : open.isPending)) return <Busy label="Looking at the invitation" />;
  if (me.data && !register.isPending && !register.isSuccess) {
    return (
      <EntryLayout
        title={`You are signed in as ${me.data.display_name}`}
        text="An invitation is for people who have no account yet. Sign out first to make another one."
      >
        <Group>
          <Button component={Link} href="/">
            Go to your workspaces
          </Button>
        </Group>
      </EntryLayout>
    );
  }
  if (token ? invitation.error : !open.data?.registration) {
    return (
      <EntryLayout
        title="This invitation does not work"
        text={token ? undefined : "Open the whole invitation link; it ends with # and a long code. Or ask for a new one."}
      >
        <Failure error={invitation.error} />
        <Text size="sm" c="dimmed">
          Have an account already?{" "}
          <Anchor component={Link} href="/sign-in">
            Sign in
          </Anchor>
        </Text>
      </EntryLayout>
    );
  }
  return (
    <EntryLayout
      title="Join Coterie"
      text={invitation.data ? `${invitation.data.invited_by} invited you. Choose who you want to be here.` : undefined}
    >
      <AccountForm
        action="Create account"
        pending={register.isPending}
        error={register.error}
        onSubmit={(account) =>
          register.mutate({ ...account, token }, { onSuccess: () => navigate("/", { replace: true }) })
        }
      />
      <Text size="sm" c="dimmed">
        Have an account already?{" "}
        <Anchor component={Link} href="/sign-in">
          Sign in
        </Anchor>
      </Text>
    </EntryLayout>
  );
}
