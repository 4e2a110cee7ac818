/** The page of one workspace: opens its session, and says in words when there is none to be had. */
import { Button, Group } from "@mantine/core";
import { useEffect, useMemo, useState } from "react";
import { Link } from "wouter";
import { useMe } from "../api/account";
import { useWorkspace } from "../api/workspaces";
import { Busy } from "../components/Busy";
import { Centered } from "../components/Centered";
import { useTitle } from "../components/useTitle";
import { newTerminal } from "../files/actions";
import { isLockedOut, NOT_FOUND, REVOKED } from "../status/connection";
import { IdeProvider, type Ide } from "./context";
import { Frame } from "./Frame";
import { notify } from "./notify";
import { Session } from "./session";
import { useChannel } from "./useStore";

export default function IdePage({ id }: { id: string }) {
  const [session, setSession] = useState<Session | null>(null);
  useEffect(() => {
    const left = new AbortController();
    setSession(null);
    void Session.open(id, left.signal).then((opened) => opened && setSession(opened));
    return () => left.abort();
  }, [id]);
  return session ? <OpenWorkspace session={session} /> : <Busy label="Opening the workspace" />;
}

function OpenWorkspace({ session }: { session: Session }) {
  const me = useMe().data;
  const workspace = useWorkspace(session.workspace);
  const { code, state } = useChannel(session.channel);
  const name = workspace?.name ?? session.channel.welcome?.name ?? "";
  useTitle(name);
  const ide = useMemo<Ide | null>(() => {
    if (!me) return null;
    const made: Ide = {
      workspace: session.workspace,
      channel: session.channel,
      documents: session.documents,
      terminals: session.terminals,
      people: session.people,
      me,
      session,
      notify,
      open: (path, at) => session.dock.open({ kind: "editor", path }, at),
      openTerminal: (what = {}) => {
        if (what.terminal !== undefined) session.dock.open({ kind: "terminal", terminal: what.terminal });
        else void newTerminal(made, what.folder);
      },
    };
    return made;
  }, [session, me]);

  if (state === "closed" && isLockedOut(code)) return <LockedOut code={code} name={name} />;
  if (!ide) return <Busy label="Opening the workspace" />;
  return (
    <IdeProvider value={ide}>
      <Frame workspace={workspace ?? null} />
    </IdeProvider>
  );
}

function LockedOut({ code, name }: { code: number; name: string }) {
  const revoked = code === REVOKED;
  const title = revoked ? "Access revoked" : code === NOT_FOUND ? "No such workspace" : "Not shared with you";
  const what = name ? `“${name}”` : "this workspace";
  const text = revoked
    ? `You no longer have access to ${what}. What you typed before is kept in the workspace. If you think this is a mistake, ask its owner.`
    : code === NOT_FOUND
      ? "There is no such workspace, or it is not shared with you. Ask whoever sent you the address."
      : `You may not open ${what}. Ask its owner to share it with you.`;
  useTitle(title);
  return (
    <Centered title={title} text={text}>
      <Group>
        <Button component={Link} href="/">
          Go to your workspaces
        </Button>
      </Group>
    </Centered>
  );
}
