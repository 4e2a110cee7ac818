/** The programs in the machine that listen on ports, as the workspace last told it. */
import type { Channel } from "../wire/channel";
import type { Port } from "../wire/generated";

export class Ports {
  /** Lowest first. Replaced, never changed in place, so that it serves as a snapshot. */
  private all: readonly Port[] = [];
  private told = false;
  private listeners = new Set<() => void>();
  private newListeners = new Set<(port: Port) => void>();
  private stops: (() => void)[];

  constructor(channel: Channel) {
    this.stops = [
      // After a reconnection the first list is what is, not what is new.
      channel.onState((state) => {
        if (state !== "open") this.told = false;
      }),
      channel.on("PortsChanged", ({ ports }) => this.changed(ports)),
    ];
  }

  snapshot = (): readonly Port[] => this.all;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Called for each port that begins to listen while this page is open. */
  onNew(listener: (port: Port) => void): () => void {
    this.newListeners.add(listener);
    return () => this.newListeners.delete(listener);
  }

  stop(): void {
    for (const stop of this.stops) stop();
  }

  private changed(ports: readonly Port[]): void {
    const known = new Set(this.all.map(({ port }) => port));
    const fresh = this.told ? ports.filter(({ port }) => !known.has(port)) : [];
    this.all = ports;
    this.told = true;
    for (const listener of [...this.listeners]) listener();
    for (const port of fresh) for (const listener of [...this.newListeners]) listener(port);
  }
}

/** Where a port is opened: the hub's address, which leads on to the port's own origin. */
export function openAddress(workspace: string, port: number, to = ""): string {
  const query = to ? `?to=${encodeURIComponent(to)}` : "";
  return `/api/v1/workspaces/${encodeURIComponent(workspace)}/ports/${port}/open${query}`;
}
