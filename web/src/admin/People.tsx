/** Everyone with an account. */
import { ActionIcon, Badge, Loader, Menu, Text, TextInput } from "@mantine/core";
import IconDots from "@tabler/icons-react/dist/esm/icons/IconDots.mjs";
import { useState } from "react";
import { useChangeUser, useUsers } from "../api/admin";
import type { AdministeredUser, Me } from "../api/types";
import { Failure } from "../components/Failure";
import { PersonMark } from "../components/PersonMark";
import { When } from "../components/When";
import { DisableDialog, PasswordDialog } from "./PersonDialogs";
import classes from "./Admin.module.css";

/** From how many people on a list is searched rather than read. */
const SEARCHED_FROM = 12;

export function People({ me }: { me: Me }) {
  const users = useUsers();
  const [search, setSearch] = useState("");
  const wanted = search.trim().toLowerCase();
  const shown = users.data?.filter(
    ({ username, display_name }) => username.includes(wanted) || display_name.toLowerCase().includes(wanted),
  );
  return (
    <>
      {users.data && users.data.length >= SEARCHED_FROM ? (
        <TextInput
          aria-label="Search people"
          placeholder="Search by name"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          mb="sm"
        />
      ) : null}
      <Failure error={users.error} />
      {users.isPending ? <Loader size="sm" type="dots" aria-label="Fetching the people" /> : null}
      {shown ? (
        <ul className={classes.list} aria-label="People">
          {shown.map((user) => (
            <PersonRow key={user.id} user={user} own={user.id === me.id} />
          ))}
        </ul>
      ) : null}
      {shown?.length === 0 ? <Text c="dimmed">Nobody is called that.</Text> : null}
    </>
  );
}

function PersonRow({ user, own }: { user: AdministeredUser; own: boolean }) {
  const change = useChangeUser(user.id);
  const [dialog, setDialog] = useState<"password" | "disable" | null>(null);
  return (
    <li className={classes.row} aria-label={user.display_name}>
      <PersonMark name={user.display_name} colour={user.colour} size={30} />
      <div className={classes.what}>
        <span className={classes.name}>{user.display_name}</span> <span className={classes.quiet}>{user.username}</span>{" "}
        {user.administrator ? (
          <Badge size="sm" variant="light">
            Administrator
          </Badge>
        ) : null}{" "}
        {user.disabled ? (
          <Badge size="sm" variant="light" color="red">
            Disabled
          </Badge>
        ) : null}
        <Text size="sm" c="dimmed">
          {own ? "you · " : null}
          {user.last_seen && !own ? (
            <>
              seen <When at={user.last_seen} />
              {" · "}
            </>
          ) : null}
          joined{" "}
          <When at={user.created} />
        </Text>
      </div>
      {own ? null : (
        <Menu width={210}>
          <Menu.Target>
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              aria-label={`More for ${user.display_name}`}
              loading={change.isPending}
            >
              <IconDots size={18} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => setDialog("password")}>Give a new password…</Menu.Item>
            <Menu.Item onClick={() => change.mutate({ administrator: !user.administrator })}>
              {user.administrator ? "Make an ordinary account" : "Make an administrator"}
            </Menu.Item>
            <Menu.Divider />
            {user.disabled ? (
              <Menu.Item onClick={() => change.mutate({ disabled: false })}>Enable the account</Menu.Item>
            ) : (
              <Menu.Item c="var(--mantine-color-error)" onClick={() => setDialog("disable")}>
                Disable the account…
              </Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
      )}
      {change.error ? (
        <div className={classes.failure}>
          <Failure error={change.error} />
        </div>
      ) : null}
      <PasswordDialog user={user} opened={dialog === "password"} onClose={() => setDialog(null)} />
      <DisableDialog user={user} opened={dialog === "disable"} onClose={() => setDialog(null)} />
    </li>
  );
}
