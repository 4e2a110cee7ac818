/** Signing in. */
import { Anchor, Button, Stack, Text, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { Link, Redirect, useSearch } from "wouter";
import { useMe, useSetupState, useSignIn } from "../api/account";
import { nextAfter } from "../app/next";
import { PasswordField } from "../components/PasswordField";
import { Failure } from "../components/Failure";
import { useTitle } from "../components/useTitle";
import { EntryLayout } from "./EntryLayout";

export default function SignInPage() {
  useTitle("Sign in");
  const search = useSearch();
  // Kept from the first look: leaving this page changes the address before it is gone.
  const [next] = useState(() => nextAfter(search));
  const me = useMe();
  const setup = useSetupState();
  const signIn = useSignIn();
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");

  function submit(event: FormEvent): void {
    event.preventDefault();
    signIn.mutate({ username, password });
  }

  if (me.data) return <Redirect to={next} replace />;
  if (setup.data?.needed) {
    return (
      <EntryLayout
        title="Coterie is new here"
        text="Nobody has an account yet. Open the one-time link that Coterie printed where it was started: it makes the first administrator."
      >
        <Text size="sm" c="dimmed">
          It looks like <code>{window.location.origin}/setup#…</code> and stands in the terminal or the service’s log. Starting
          Coterie again prints a new one.
        </Text>
      </EntryLayout>
    );
  }
  return (
    <EntryLayout title="Sign in" text={next.startsWith("/w/") ? "Sign in to open this workspace." : undefined}>
      <form onSubmit={submit} aria-label="Sign in">
        <Stack gap="md">
          <TextInput
            label="Username"
            value={username}
            onChange={(event) => setUsername(event.currentTarget.value)}
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            autoFocus
            required
            withAsterisk={false}
          />
          <PasswordField
            label="Password"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            autoComplete="current-password"
            required
            withAsterisk={false}
          />
          <Failure error={signIn.error} />
          <Button type="submit" loading={signIn.isPending} fullWidth>
            Sign in
          </Button>
        </Stack>
      </form>
      <Text size="sm" c="dimmed">
        {setup.data?.registration ? (
          <>
            New here?{" "}
            <Anchor component={Link} href="/join">
              Make an account
            </Anchor>
          </>
        ) : (
          "No account yet, or the password forgotten? An administrator helps with both."
        )}
      </Text>
    </EntryLayout>
  );
}
