/** Leaving a workspace that somebody else owns. */
import { Button, Group, Stack, Text } from "@mantine/core";
import type { Workspace } from "../api/types";
import { useLeave } from "../api/workspaces";
import { Failure } from "../components/Failure";

interface Props {
  workspace: Workspace;
  onClose: () => void;
}

export function LeaveWorkspace({ workspace, onClose }: Props) {
  const leave = useLeave(workspace.id);
  return (
    <Stack gap="md">
      <Text>You will not see it any more. To come back, {workspace.owner.display_name} has to add you again.</Text>
      <Failure error={leave.error} />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Stay
        </Button>
        <Button color="red" loading={leave.isPending} onClick={() => leave.mutate(undefined, { onSuccess: onClose })}>
          Leave workspace
        </Button>
      </Group>
    </Stack>
  );
}
