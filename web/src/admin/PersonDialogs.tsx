/** What an administrator confirms about an account: a new password, disabling it. */
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { useChangeUser, useResetPassword } from "../api/admin";
import type { AdministeredUser } from "../api/types";
import { passwordProblem } from "../account/rules";
import { PasswordField } from "../components/PasswordField";
import { Failure } from "../components/Failure";
import { fieldsOf, toldByFields } from "../components/fields";

interface Props {
  user: AdministeredUser;
  opened: boolean;
  onClose: () => void;
}

export function PasswordDialog({ user, opened, onClose }: Props) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={`New password for ${user.display_name}`}
    >
      <NewPassword user={user} onClose={onClose} />
    </Modal>
  );
}

function NewPassword({ user, onClose }: Omit<Props, "opened">) {
  const reset = useResetPassword(user.id);
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState<string | undefined>();

  function submit(event: FormEvent): void {
    event.preventDefault();
    const found = passwordProblem(password);
    setProblem(found);
    if (!found) reset.mutate(password);
  }

  if (reset.isSuccess) {
    return (
      <Stack gap="md">
        <Text role="status">
          {user.display_name} is signed out everywhere and signs in with the new password. Tell it to them in a safe way; they can
          change it under Account.
        </Text>
        <Group justify="flex-end">
          <Button onClick={onClose} data-autofocus>
            Done
          </Button>
        </Group>
      </Stack>
    );
  }
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <Text>All of their logins end, and they sign in with this password.</Text>
        <PasswordField
          label="New password"
          description="At least 8 characters."
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          error={problem ?? fieldsOf(reset.error).password}
          autoComplete="new-password"
          data-autofocus
        />
        {toldByFields(reset.error, ["password"]) ? null : <Failure error={reset.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={reset.isPending}>
            Set password
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

export function DisableDialog({ user, opened, onClose }: Props) {
  const change = useChangeUser(user.id);
  return (
    <Modal opened={opened} onClose={onClose} title={`Disable ${user.display_name}?`}>
      <Stack gap="md">
        <Text>
          They are signed out everywhere at once, their open workspaces close, and they cannot sign in. Their workspaces stay, and
          you can enable the account again.
        </Text>
        <Failure error={change.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button color="red" loading={change.isPending} onClick={() => change.mutate({ disabled: true }, { onSuccess: onClose })}>
            Disable account
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
