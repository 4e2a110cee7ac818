/** Who may use a workspace: the owner adds people by name, and takes them out again. */
import { ActionIcon, Autocomplete, Button, Group, Loader, Stack, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import IconX from "@tabler/icons-react/dist/esm/icons/IconX.mjs";
import { useState, type FormEvent } from "react";
import type { Member, Person, Workspace } from "../api/types";
import { useAddMember, useMembers, usePeople, useRemoveMember } from "../api/workspaces";
import { Failure } from "../components/Failure";
import { fieldsOf } from "../components/fields";
import { PersonMark } from "../components/PersonMark";
import classes from "./Members.module.css";

interface Props {
  workspace: Workspace;
}

export function Members({ workspace }: Props) {
  const members = useMembers(workspace.id);
  return (
    <Stack gap="md">
      <Text c="dimmed">
        Members use the workspace as you do: files, terminals, starting and stopping it, also while you are away. Only you add
        people, and delete it.
      </Text>
      <AddMember workspace={workspace} members={members.data ?? []} />
      <Failure error={members.error} />
      {members.isPending ? <Loader size="sm" type="dots" aria-label="Asking who the members are" /> : null}
      <ul className={classes.list} aria-label="Members">
        <li className={classes.person}>
          <Who person={workspace.owner} />
          <span className={classes.role}>Owner</span>
        </li>
        {members.data
          ?.filter(({ user }) => user.id !== workspace.owner.id)
          .map((member) => <MemberRow key={member.user.id} workspace={workspace} member={member} />)}
      </ul>
      {members.data?.every(({ user }) => user.id === workspace.owner.id) ? (
        <Text size="sm" c="dimmed">
          Nobody else yet.
        </Text>
      ) : null}
    </Stack>
  );
}

function Who({ person }: { person: Person }) {
  return (
    <>
      <PersonMark name={person.display_name} colour={person.colour} />
      <span className={classes.name}>
        {person.display_name} <span className={classes.username}>{person.username}</span>
      </span>
    </>
  );
}

function MemberRow({ workspace, member }: { workspace: Workspace; member: Member }) {
  const remove = useRemoveMember(workspace.id);
  const { user } = member;
  return (
    <li className={classes.person}>
      <Who person={user} />
      <span className={classes.role}>Member</span>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={`Remove ${user.display_name}`}
        loading={remove.isPending}
        onClick={() => remove.mutate(user.id)}
      >
        <IconX size={16} />
      </ActionIcon>
      {remove.error ? (
        <div className={classes.failure}>
          <Failure error={remove.error} />
        </div>
      ) : null}
    </li>
  );
}

function AddMember({ workspace, members }: { workspace: Workspace; members: Member[] }) {
  const [typed, setTyped] = useState("");
  const [query] = useDebouncedValue(typed.trim().toLowerCase(), 150);
  const people = usePeople(query);
  const add = useAddMember(workspace.id);
  const there = new Set([workspace.owner.id, ...members.map(({ user }) => user.id)]);
  const found = new Map(people.data?.filter(({ id }) => !there.has(id)).map((person) => [person.username, person]));

  function submit(event: FormEvent): void {
    event.preventDefault();
    if (typed.trim() !== "") add.mutate(typed.trim().toLowerCase(), { onSuccess: () => setTyped("") });
  }

  return (
    <form onSubmit={submit} aria-label="Add a member">
      <Stack gap="xs">
        <Group gap="xs" align="flex-end" wrap="nowrap">
          <Autocomplete
            className={classes.who}
            label="Username"
            placeholder="Type two letters or more"
            value={typed}
            onChange={(value) => {
              setTyped(value);
              if (add.error) add.reset();
            }}
            data={[...found.keys()]}
            // The server searched, in names too: everything it found fits.
            filter={({ options }) => options}
            renderOption={({ option }) => {
              const person = found.get(option.value);
              return person ? (
                <span className={classes.person}>
                  <Who person={person} />
                </span>
              ) : (
                option.value
              );
            }}
            rightSection={people.isFetching ? <Loader size="xs" aria-label="Looking for people" /> : null}
            error={fieldsOf(add.error).username}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            data-autofocus
          />
          <Button type="submit" loading={add.isPending} disabled={typed.trim() === ""}>
            Add
          </Button>
        </Group>
        {fieldsOf(add.error).username ? null : <Failure error={add.error ?? people.error} />}
      </Stack>
    </form>
  );
}
