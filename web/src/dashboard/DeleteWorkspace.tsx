/** Deleting a workspace, once its name was typed. */
import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import type { Workspace } from "../api/types";
import { useDelete } from "../api/workspaces";
import { Failure } from "../components/Failure";

interface Props {
  workspace: Workspace;
  onClose: () => void;
}

export function DeleteWorkspace({ workspace, onClose }: Props) {
  const [typed, setTyped] = useState("");
  const remove = useDelete(workspace.id);

  function submit(event: FormEvent): void {
    event.preventDefault();
    if (typed === workspace.name) remove.mutate(typed, { onSuccess: onClose });
  }

  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <Text>
          Its files, terminals and history are removed for everyone it is shared with. This cannot be undone. What was pushed
          elsewhere stays there.
        </Text>
        <TextInput
          label={
            <>
              Type <strong>{workspace.name}</strong> to confirm
            </>
          }
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          autoComplete="off"
          spellCheck={false}
          data-autofocus
        />
        <Failure error={remove.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" color="red" disabled={typed !== workspace.name} loading={remove.isPending}>
            Delete workspace
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
