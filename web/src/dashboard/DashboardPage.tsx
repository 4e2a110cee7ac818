/** All workspaces the person sees, live: their own, and those that others share with them. */
import { Button, Group, Text, Title, VisuallyHidden } from "@mantine/core";
import IconPlus from "@tabler/icons-react/dist/esm/icons/IconPlus.mjs";
import { useEffect, useId, useRef, useState } from "react";
import { useMe } from "../api/account";
import { useFeedState } from "../api/live";
import type { Workspace } from "../api/types";
import { useWorkspaces } from "../api/workspaces";
import { Busy } from "../components/Busy";
import { Empty } from "../components/Empty";
import { useTitle } from "../components/useTitle";
import { CreateDialog, type Kind } from "./CreateDialog";
import { RowDialog } from "./RowDialog";
import { changesInWords } from "./states";
import { WorkspaceRow, type Asked } from "./WorkspaceRow";
import classes from "./DashboardPage.module.css";

interface Question {
  what: Asked;
  workspace: Workspace;
}

export default function DashboardPage() {
  useTitle("Workspaces");
  const me = useMe().data;
  const workspaces = useWorkspaces();
  const [creating, setCreating] = useState<Kind | null>(null);
  const [question, setQuestion] = useState<Question | null>(null);
  const [asking, setAsking] = useState(false);
  const about = question && workspaces?.find(({ id }) => id === question.workspace.id);

  if (!workspaces || !me) return <Waiting />;
  const own = workspaces.filter(({ owner }) => owner.id === me.id);
  const shared = workspaces.filter(({ owner }) => owner.id !== me.id);

  function ask(what: Asked, workspace: Workspace): void {
    setQuestion({ what, workspace });
    setAsking(true);
  }

  return (
    <>
      <Group justify="space-between" align="center" mb="lg">
        <Title order={1}>Workspaces</Title>
        <Button leftSection={<IconPlus size={16} />} onClick={() => setCreating("blank")}>
          New workspace
        </Button>
      </Group>
      <Announcer workspaces={workspaces} />
      {own.length > 0 ? <List title="Mine" workspaces={own} shared={false} onAsk={ask} /> : null}
      {shared.length > 0 ? <List title="Shared with me" workspaces={shared} shared onAsk={ask} /> : null}
      {own.length === 0 ? <NoneYet first={shared.length === 0} onCreate={setCreating} /> : null}
      <CreateDialog kind={creating} onClose={() => setCreating(null)} />
      {question ? (
        <RowDialog
          // A workspace that is gone has nothing left to be asked about.
          opened={asking && about !== undefined}
          what={question.what}
          workspace={about ?? question.workspace}
          onClose={() => setAsking(false)}
        />
      ) : null}
    </>
  );
}

interface ListProps {
  title: string;
  workspaces: Workspace[];
  shared: boolean;
  onAsk: (what: Asked, workspace: Workspace) => void;
}

function List({ title, workspaces, shared, onAsk }: ListProps) {
  const heading = useId();
  return (
    <section className={classes.section} aria-labelledby={heading}>
      <Title order={2} id={heading} className={classes.heading}>
        {title}
        <span className={classes.count}>{workspaces.length}</span>
      </Title>
      <ul className={classes.card} aria-labelledby={heading}>
        {workspaces.map((workspace) => (
          <WorkspaceRow key={workspace.id} workspace={workspace} shared={shared} onAsk={(what) => onAsk(what, workspace)} />
        ))}
      </ul>
    </section>
  );
}

/** How one comes to a workspace of one's own. */
function NoneYet({ first, onCreate }: { first: boolean; onCreate: (kind: Kind) => void }) {
  return (
    <div className={classes.card}>
      <Empty
        title={first ? "No workspaces yet" : "None of your own yet"}
        text="A workspace is a machine with files, terminals and editors. Start with an empty one, a git repository, or an archive you have."
      >
        <Group justify="center" mt="sm" gap="xs">
          <Button variant="default" onClick={() => onCreate("blank")}>
            Blank
          </Button>
          <Button variant="default" onClick={() => onCreate("git")}>
            Git repository
          </Button>
          <Button variant="default" onClick={() => onCreate("archive")}>
            Archive
          </Button>
        </Group>
      </Empty>
    </div>
  );
}

/** Before the first event: a moment, or longer when the hub does not answer. */
function Waiting() {
  const state = useFeedState();
  if (state !== "reconnecting") return <Busy label="Fetching your workspaces" />;
  return (
    <Text c="dimmed" ta="center" py="xl">
      Coterie does not answer at the moment. Your workspaces appear as soon as it does.
    </Text>
  );
}

/** Says changes aloud to those who do not see them. */
function Announcer({ workspaces }: { workspaces: Workspace[] }) {
  const before = useRef<Workspace[] | undefined>(undefined);
  const [said, setSaid] = useState("");
  useEffect(() => {
    const changes = changesInWords(before.current, workspaces);
    before.current = workspaces;
    if (changes.length > 0) setSaid(changes.join(" "));
  }, [workspaces]);
  return <VisuallyHidden role="status">{said}</VisuallyHidden>;
}
