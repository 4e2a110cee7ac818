/** From connections to people: one entry per user, however many tabs they have open. */
import type { Person, Role } from "../wire/generated";

export interface Present {
  user: string;
  username: string;
  name: string;
  colour: number;
  role: Role;
  /** False while every connection of theirs has dropped and is not forgotten yet. */
  here: boolean;
  own: boolean;
  /** What they look at now: of their newest live connection. */
  active: string;
  /** Everything they have open, the active one first, each once. */
  opened: string[];
  connections: number[];
}

/** Everyone present, oneself first, then in the order they came. */
export function groupPeople(people: Iterable<Person>, me: string): Present[] {
  const byUser = new Map<string, Person[]>();
  for (const person of people) {
    const connections = byUser.get(person.user);
    if (connections) connections.push(person);
    else byUser.set(person.user, [person]);
  }
  const present = [...byUser.values()].map((connections) => onePerson(connections, me));
  return present.sort((a, b) => Number(b.own) - Number(a.own) || (a.connections[0] ?? 0) - (b.connections[0] ?? 0));
}

function onePerson(connections: Person[], me: string): Present {
  connections.sort((a, b) => a.connection - b.connection);
  const live = connections.filter((person) => person.here);
  const speaking = (live.length ? live : connections).at(-1) as Person;
  const active = speaking.active || (live.find((person) => person.active)?.active ?? "");
  const opened = new Set([active, ...connections.flatMap((person) => person.opened)]);
  opened.delete("");
  return {
    user: speaking.user,
    username: speaking.username,
    name: speaking.display_name || speaking.username,
    colour: speaking.colour,
    role: speaking.role,
    here: live.length > 0,
    own: speaking.user === me,
    active,
    opened: [...opened],
    connections: connections.map((person) => person.connection),
  };
}

/** The one or two letters of an avatar. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters.map((word) => [...(word ?? "")][0]?.toLocaleUpperCase() ?? "").join("") || "?";
}

/** What changed for a listener: names who came and who went, the person themself left out. */
export function comingsAndGoings(before: readonly Present[], after: readonly Present[]): { came: string[]; left: string[] } {
  // A dropped person has not left before they are forgotten: a short break is not worth two announcements.
  const others = (list: readonly Present[]) => new Map(list.filter((one) => !one.own).map((one) => [one.user, one.name]));
  const was = others(before);
  const now = others(after);
  return {
    came: [...now].filter(([user]) => !was.has(user)).map(([, name]) => name),
    left: [...was].filter(([user]) => !now.has(user)).map(([, name]) => name),
  };
}
