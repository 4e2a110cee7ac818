/** The signed-in person, their account, the appearance, and the way out. */
import { Menu, UnstyledButton, VisuallyHidden } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import IconLogout from "@tabler/icons-react/dist/esm/icons/IconLogout.mjs";
import IconUser from "@tabler/icons-react/dist/esm/icons/IconUser.mjs";
import { Link } from "wouter";
import { useMe, useSignOut } from "../api/account";
import { sentenceOf } from "../api/errors";
import { PersonMark } from "../components/PersonMark";
import { SchemeItems } from "../components/SchemeItems";
import classes from "./PersonMenu.module.css";

export function PersonMenu() {
  const me = useMe().data;
  const signOut = useSignOut();
  if (!me) return null;
  return (
    <Menu width={220}>
      <Menu.Target>
        <UnstyledButton className={classes.target}>
          <VisuallyHidden>Your menu, {me.display_name}</VisuallyHidden>
          <PersonMark name={me.display_name} colour={me.colour} size={28} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <div className={classes.who}>
          <strong>{me.display_name}</strong>
          <span>{me.username}</span>
        </div>
        <Menu.Divider />
        <Menu.Item component={Link} href="/account" leftSection={<IconUser size={16} />}>
          Account
        </Menu.Item>
        <Menu.Divider />
        <SchemeItems />
        <Menu.Divider />
        <Menu.Item
          leftSection={<IconLogout size={16} />}
          disabled={signOut.isPending}
          closeMenuOnClick={false}
          onClick={() =>
            signOut.mutate(undefined, {
              onError: (error) => notifications.show({ color: "red", title: "Not signed out", message: sentenceOf(error) }),
            })
          }
        >
          {signOut.isPending ? "Signing out…" : "Sign out"}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
