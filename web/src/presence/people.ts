/** Who is here: every connection of the workspace as the server last told it, and changes of that. */
import type { Channel } from "../wire/channel";
import type { Person } from "../wire/generated";

export type Listener = () => void;

export class People {
  /** By connection number. Replaced, never changed in place, so that it serves as a snapshot. */
  private byConnection: ReadonlyMap<number, Person> = new Map();
  private listeners = new Set<Listener>();
  private stops: (() => void)[];
  /** This tab's own connection number, 0 before the first Welcome. */
  own = 0;

  constructor(channel: Channel) {
    this.stops = [
      channel.onOpen((welcome) => {
        this.own = welcome.connection;
        this.set(new Map(welcome.people.map((person) => [person.connection, person])));
      }),
      channel.on("PeopleChanged", ({ changed, gone }) => {
        const next = new Map(this.byConnection);
        for (const connection of gone) next.delete(connection);
        for (const person of changed) next.set(person.connection, person);
        this.set(next);
      }),
    ];
  }

  /** The person behind a connection number; undefined when it is unknown or forgotten. */
  get(connection: number): Person | undefined {
    return this.byConnection.get(connection);
  }

  /** Every connection, the same map until something changes. */
  snapshot = (): ReadonlyMap<number, Person> => this.byConnection;

  subscribe = (listener: Listener): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  stop(): void {
    for (const stop of this.stops) stop();
  }

  private set(next: ReadonlyMap<number, Person>): void {
    this.byConnection = next;
    for (const listener of [...this.listeners]) listener();
  }
}
