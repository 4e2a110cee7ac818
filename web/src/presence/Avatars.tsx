/** Everyone who has the workspace open, at the top right: one avatar per person, oneself first. */
import { Menu, Tooltip, UnstyledButton } from "@mantine/core";
import { useEffect, useMemo, useRef, useState } from "react";
import { Link } from "wouter";
import { useSignOut } from "../api/account";
import { sentenceOf } from "../api/errors";
import { SchemeItems } from "../components/SchemeItems";
import { useIde } from "../ide/context";
import { openedTab } from "../ide/tabs";
import { useStore } from "../ide/useStore";
import { colourOf } from "./colours";
import { comingsAndGoings, groupPeople, initials, type Present } from "./group";
import classes from "./Avatars.module.css";

export function usePresent(): readonly Present[] {
  const { people, me } = useIde();
  const connections = useStore(people);
  return useMemo(() => groupPeople(connections.values(), me.id), [connections, me.id]);
}

export function Avatars({ most }: { most: number }) {
  const present = usePresent();
  const fits = present.length <= most ? present.length : most - 1;
  const beyond = present.slice(fits);
  return (
    <div className={classes.avatars} role="group" aria-label={`People here: ${present.length}`}>
      {present.slice(0, fits).map((one) => (
        <Avatar key={one.user} present={one} />
      ))}
      {beyond.length > 0 && (
        <Menu position="bottom-end" width={260}>
          <Menu.Target>
            <UnstyledButton className={classes.more} aria-label={`${beyond.length} more people`}>
              +{beyond.length}
            </UnstyledButton>
          </Menu.Target>
          <Menu.Dropdown>
            {beyond.map((one) => (
              <PersonEntries key={one.user} present={one} />
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
      <Comings present={present} />
    </div>
  );
}

function Avatar({ present }: { present: Present }) {
  const label = `${present.own ? `${present.name} (you)` : present.name}${present.here ? "" : ", connection lost"}`;
  const [opened, setOpened] = useState(false);
  return (
    <Menu position="bottom-end" width={260} opened={opened} onChange={setOpened}>
      <Tooltip
        disabled={opened}
        multiline
        maw={300}
        label={
          <>
            <strong>{label}</strong>
            {present.active && (
              <div className={classes.looking}>
                <Opened name={present.active} />
              </div>
            )}
          </>
        }
      >
        <span>
          <Menu.Target>
            <UnstyledButton className={classes.avatar} aria-label={label} data-away={!present.here || undefined}>
              <Face present={present} />
            </UnstyledButton>
          </Menu.Target>
        </span>
      </Tooltip>
      <Menu.Dropdown>
        <PersonEntries present={present} />
        {present.own && <OwnEntries />}
      </Menu.Dropdown>
    </Menu>
  );
}

/** Account, appearance and the way out, under one's own avatar. */
function OwnEntries() {
  const { notify } = useIde();
  const signOut = useSignOut();
  return (
    <>
      <Menu.Item component={Link} href="/account">
        Account
      </Menu.Item>
      <Menu.Divider />
      <SchemeItems />
      <Menu.Divider />
      <Menu.Item
        disabled={signOut.isPending}
        onClick={() => signOut.mutate(undefined, { onError: (error) => notify({ kind: "problem", sentence: sentenceOf(error) }) })}
      >
        Sign out
      </Menu.Item>
    </>
  );
}

function Face({ present }: { present: Present }) {
  const { light, dark } = colourOf(present.colour);
  return (
    <span
      className={classes.face}
      style={{
        background: `light-dark(${light.selection}, ${dark.selection})`,
        color: `light-dark(${light.solid}, ${dark.solid})`,
        boxShadow: `0 0 0 2px light-dark(${light.solid}, ${dark.solid})`,
      }}
      data-letters={initials(present.name)}
      aria-hidden
    />
  );
}

function PersonEntries({ present }: { present: Present }) {
  const ide = useIde();
  const show = (name: string) => {
    const tab = openedTab(name);
    if (tab?.kind === "editor") ide.open(tab.path);
    else if (tab) ide.openTerminal({ terminal: tab.terminal });
  };
  const [active, ...others] = present.active ? present.opened : ["", ...present.opened];
  return (
    <>
      <div className={classes.who}>
        <strong>{present.own ? `${present.name} (you)` : present.name}</strong>
        <span>{present.here ? roleInWords(present) : "Connection lost"}</span>
      </div>
      {active && !present.own && (
        <Menu.Item onClick={() => show(active)}>
          <span className={classes.entry}>
            <span>Open what {present.name} has open</span>
            <span className={classes.path}>
              <Opened name={active} />
            </span>
          </span>
        </Menu.Item>
      )}
      {!present.own && others.length > 0 && <Menu.Label>Also open</Menu.Label>}
      {!present.own &&
        others.slice(0, 6).map((name) => (
          <Menu.Item key={name} onClick={() => show(name)}>
            <span className={classes.path}>
              <Opened name={name} />
            </span>
          </Menu.Item>
        ))}
      {!present.own && present.opened.length === 0 && <div className={classes.nothing}>Nothing is open in their window.</div>}
    </>
  );
}

/** What a tab is called to people: a path, or the terminal's name. */
function Opened({ name }: { name: string }) {
  const { terminals } = useIde();
  useStore(terminals);
  const tab = openedTab(name);
  return tab?.kind === "terminal" ? (terminals.get(tab.terminal)?.name ?? "A terminal") : name;
}

function roleInWords({ role }: Present): string {
  switch (role) {
    case "owner":
      return "Owner";
    case "watcher":
    case "read-only-guest":
      return "Only watching";
    case "guest":
      return "Guest";
    default:
      return "Can edit";
  }
}

/** Tells screen readers who came and who left. */
function Comings({ present }: { present: readonly Present[] }) {
  const before = useRef<readonly Present[] | null>(null);
  const [said, setSaid] = useState("");
  useEffect(() => {
    const own = present.some((one) => one.own);
    // Those who were here before oneself did not just join.
    if (before.current && own) {
      const { came, left } = comingsAndGoings(before.current, present);
      const sentence = [...came.map((name) => `${name} joined`), ...left.map((name) => `${name} left`)].join(", ");
      if (sentence) setSaid(sentence);
    }
    if (own) before.current = present;
  }, [present]);
  return (
    <span role="status" aria-live="polite" className={classes.spoken}>
      {said}
    </span>
  );
}
