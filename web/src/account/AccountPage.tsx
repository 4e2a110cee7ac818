/** The person's own account. */
import { Group, Text, Title } from "@mantine/core";
import { useMe, useSignOut } from "../api/account";
import { ConfirmButton } from "../components/ConfirmButton";
import { Failure } from "../components/Failure";
import { Section } from "../components/Section";
import { useTitle } from "../components/useTitle";
import { PasswordForm } from "./PasswordForm";
import { ProfileForm } from "./ProfileForm";
import { Tokens } from "./Tokens";

export default function AccountPage() {
  useTitle("Account");
  const me = useMe().data;
  if (!me) return null;
  return (
    <>
      <Title order={1} mb="xl">
        Account
      </Title>
      <Section title="Profile" text="How others see you, in lists and beside your cursor.">
        <ProfileForm me={me} />
      </Section>
      <Section title="Password" text="Changing it signs you out everywhere but here.">
        <PasswordForm username={me.username} />
      </Section>
      <Section
        title="Access tokens"
        text="For the command line and for programs. A token can do what you can, so treat it like your password."
      >
        <Tokens />
      </Section>
      <Section title="Sign out everywhere" text="Ends your logins in every browser, this one too. Access tokens stay.">
        <SignOutEverywhere />
      </Section>
    </>
  );
}

function SignOutEverywhere() {
  const signOut = useSignOut(true);
  return (
    <>
      <Failure error={signOut.error} />
      <Group justify="space-between">
        <Text c="dimmed">Did you leave a browser signed in somewhere, or lose a device?</Text>
        <ConfirmButton question="Yes, sign out everywhere" loading={signOut.isPending} onConfirm={() => signOut.mutate()}>
          Sign out everywhere
        </ConfirmButton>
      </Group>
    </>
  );
}
