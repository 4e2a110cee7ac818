/** Everything live of one open workspace, made when its page is opened and ended when it is left. */
import { Documents } from "../editor/documents";
import { FileTree } from "../files/tree";
import { Uploads, type Choice } from "../files/uploads";
import { People } from "../presence/people";
import { Ports } from "../ports/ports";
import { Terminals } from "../terminal/terminals";
import { Channel } from "../wire/channel";
import type { TerminalInfo } from "../wire/generated";
import { Dock } from "./panes/dock";
import { openedName, tabId } from "./tabs";
import { LayoutStore } from "./layoutStore";
import { notify } from "./notify";
import { Questions } from "./questions";

const HOLD_FOR = 1_000;

export class Session {
  readonly documents: Documents;
  readonly tree: FileTree;
  readonly uploads: Uploads;
  readonly questions = new Questions();
  readonly dock: Dock;
  /** Names of the terminals on the last list by their numbers; null before the first. */
  private listed: ReadonlyMap<number, string> | null = null;
  /** Terminals that this page is closing itself. */
  readonly closing = new Set<number>();
  private stops: (() => void)[] = [];

  private constructor(
    readonly workspace: string,
    readonly channel: Channel,
    readonly layout: LayoutStore,
    readonly people: People,
    readonly terminals: Terminals,
    readonly ports: Ports,
  ) {
    this.documents = new Documents(channel, workspace);
    this.tree = new FileTree(channel, layout.current.expanded, (expanded) => layout.change({ expanded }));
    this.tree.showsHidden = layout.current.hidden;
    this.uploads = new Uploads(channel, workspace, (taken, folder) => this.askAboutTaken(taken, folder));
    this.dock = new Dock(layout.current.panes, (panes) => layout.change({ panes }));
    this.stops.push(
      channel.on("TerminalsChanged", ({ terminals }) => this.terminalsChanged(terminals)),
      channel.onOpen(() => this.tellPresence()),
      this.dock.subscribe(() => this.tellPresence()),
      this.documents.onMoved((from, to) => this.documentMoved(from, to)),
    );
    if (terminals.known) this.terminalsChanged(terminals.snapshot());
  }

  /** Connects at once and gives the session when the person's layout is known. */
  static async open(workspace: string, left: AbortSignal): Promise<Session | null> {
    const channel = new Channel(socketUrl(workspace));
    left.addEventListener("abort", () => channel.close());
    // What the workspace tells once, from its Welcome on, must find somebody who listens.
    const people = new People(channel);
    const terminals = new Terminals(channel);
    const ports = new Ports(channel);
    const layout = await LayoutStore.load(workspace);
    if (left.aborted) {
      layout.stop();
      return null;
    }
    const session = new Session(workspace, channel, layout, people, terminals, ports);
    left.addEventListener("abort", () => session.stop());
    return session;
  }

  private stop(): void {
    for (const stop of this.stops) stop();
    this.uploads.stop();
    this.documents.stop();
    this.terminals.stop();
    this.ports.stop();
    this.tree.stop();
    this.people.stop();
    this.layout.stop();
    this.channel.close();
  }

  private tellPresence(): void {
    const { tabs, active } = this.dock.snapshot();
    this.channel.send({ type: "PresenceUpdate", opened: tabs.map(openedName), active: active ? openedName(active) : "" });
  }

  private documentMoved(from: string, to: string): void {
    // The old tab goes before the new one comes: held in between, the document lives through it.
    const document = this.documents.open(to);
    this.dock.moved(from, to);
    setTimeout(() => this.documents.release(document), HOLD_FOR);
  }

  /** Show git's own store among the files, or hide it, from now on. */
  showHidden(shows: boolean): void {
    this.tree.showHidden(shows);
    this.layout.change({ hidden: shows });
  }

  /** Tabs of terminals that somebody closed go; one that this page has just opened may not be on the list yet. */
  private terminalsChanged(terminals: readonly TerminalInfo[]): void {
    const now = new Map(terminals.map(({ terminal, name }) => [terminal, name]));
    for (const tab of this.dock.snapshot().tabs) {
      if (tab.kind !== "terminal" || now.has(tab.terminal) || this.listed?.has(tab.terminal) === false) continue;
      this.dock.close(tabId(tab));
      const name = this.listed?.get(tab.terminal);
      if (name && !this.closing.has(tab.terminal)) notify({ kind: "info", sentence: `Somebody closed “${name}”.` });
    }
    this.listed = now;
  }

  private async askAboutTaken(taken: readonly string[], folder: string): Promise<Choice | null> {
    const one = taken.length === 1;
    const answer = await this.questions.ask({
      title: one ? "A file with this name exists" : `${taken.length} names are taken`,
      text: `${folder ? `In ${folder} there` : "There"} ${one ? "is a file with this name" : "are files with these names"} already. What should happen?`,
      names: taken,
      answers: [
        { value: "keep-both", label: "Keep both" },
        { value: "replace", label: "Replace", danger: true },
        // With one file, not uploading it is what Cancel does.
        ...(one ? [] : [{ value: "skip", label: "Skip these" }]),
      ],
    });
    return answer as Choice | null;
  }
}

export function socketUrl(workspace: string): string {
  const url = new URL(`/w/${encodeURIComponent(workspace)}`, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
