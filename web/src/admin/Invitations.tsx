/** Invitation links: made, copied once, listed, revoked. */
import { Button, Group, Loader, NativeSelect, Stack, Text, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { useInvitations, useInvite, useRevokeInvitation } from "../api/admin";
import type { Invitation } from "../api/types";
import { ConfirmButton } from "../components/ConfirmButton";
import { Failure } from "../components/Failure";
import { Secret } from "../components/Secret";
import { When } from "../components/When";
import classes from "./Admin.module.css";

const LIFETIMES = [
  { value: "1", label: "One day" },
  { value: "7", label: "One week" },
  { value: "30", label: "30 days" },
];

/** How many people may use one link. */
const PEOPLE = [
  { value: "1", label: "One" },
  { value: "5", label: "Up to 5" },
  { value: "25", label: "Up to 25" },
  { value: "100", label: "Up to 100" },
];

export function Invitations() {
  const invitations = useInvitations();
  return (
    <Stack gap="lg">
      <NewInvitation />
      <Failure error={invitations.error} />
      {invitations.isPending ? <Loader size="sm" type="dots" aria-label="Fetching the invitations" /> : null}
      {invitations.data?.length === 0 ? (
        <Text size="sm" c="dimmed">
          No invitation is open.
        </Text>
      ) : null}
      {invitations.data && invitations.data.length > 0 ? (
        <ul className={classes.list} aria-label="Open invitations">
          {invitations.data.map((invitation) => (
            <InvitationRow key={invitation.id} invitation={invitation} />
          ))}
        </ul>
      ) : null}
    </Stack>
  );
}

function NewInvitation() {
  const invite = useInvite();
  const [note, setNote] = useState("");
  const [days, setDays] = useState("7");
  const [uses, setUses] = useState("1");

  function submit(event: FormEvent): void {
    event.preventDefault();
    invite.mutate({ note: note.trim(), days: Number(days), uses: Number(uses) }, { onSuccess: () => setNote("") });
  }

  return (
    <form onSubmit={submit} aria-label="New invitation">
      <Stack gap="sm">
        <div className={classes.fields}>
          <TextInput
            label="For whom"
            placeholder="A note for yourself, if you like"
            value={note}
            maxLength={200}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
          <NativeSelect label="People" data={PEOPLE} value={uses} onChange={(event) => setUses(event.currentTarget.value)} />
          <NativeSelect label="Valid for" data={LIFETIMES} value={days} onChange={(event) => setDays(event.currentTarget.value)} />
          <Button type="submit" loading={invite.isPending}>
            Create link
          </Button>
        </div>
        <Failure error={invite.error} />
        {invite.data ? (
          <Secret
            label="Invitation link"
            text={invite.data.link}
            note="Send this link to whom you invite. It is shown this once only."
          />
        ) : null}
      </Stack>
    </form>
  );
}

function InvitationRow({ invitation }: { invitation: Invitation }) {
  const revoke = useRevokeInvitation();
  const { uses_left: left } = invitation;
  return (
    <li className={classes.row}>
      <div className={classes.what}>
        <span className={classes.name}>{invitation.note || "Invitation"}</span>
        <Text size="sm" c="dimmed">
          {left === 1 ? "for one person" : `for ${left} people`}
          {" · ends "}
          <When at={invitation.expires} />
          {invitation.created_by ? ` · by ${invitation.created_by.display_name}` : ""}
        </Text>
      </div>
      <Group>
        <ConfirmButton
          size="xs"
          name={invitation.note || "invitation"}
          question="Really revoke?"
          loading={revoke.isPending}
          onConfirm={() => revoke.mutate(invitation.id)}
        >
          Revoke
        </ConfirmButton>
      </Group>
      {revoke.error ? (
        <div className={classes.failure}>
          <Failure error={revoke.error} />
        </div>
      ) : null}
    </li>
  );
}
