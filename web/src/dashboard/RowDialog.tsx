/** The one dialog of the list: what a row asked for, about one workspace. */
import { Modal } from "@mantine/core";
import type { Workspace } from "../api/types";
import { DeleteWorkspace } from "./DeleteWorkspace";
import { LeaveWorkspace } from "./LeaveWorkspace";
import { LogView } from "./LogView";
import { Members } from "./Members";
import type { Asked } from "./WorkspaceRow";

interface Props {
  opened: boolean;
  what: Asked;
  workspace: Workspace;
  onClose: () => void;
}

const TITLES: Record<Asked, (name: string) => string> = {
  log: (name) => `Log of ${name}`,
  members: (name) => `Members of ${name}`,
  leave: (name) => `Leave ${name}?`,
  delete: (name) => `Delete ${name}?`,
};

export function RowDialog({ opened, what, workspace, onClose }: Props) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={TITLES[what](workspace.name)}
      size={what === "log" ? "xl" : "md"}
    >
      <Body what={what} workspace={workspace} onClose={onClose} />
    </Modal>
  );
}

function Body({ what, workspace, onClose }: Omit<Props, "opened">) {
  switch (what) {
    case "log":
      return <LogView workspace={workspace} />;
    case "members":
      return <Members workspace={workspace} />;
    case "leave":
      return <LeaveWorkspace workspace={workspace} onClose={onClose} />;
    case "delete":
      return <DeleteWorkspace workspace={workspace} onClose={onClose} />;
  }
}
