/** Everything live of one open workspace, made when its page is opened and ended when it is left. */
import { Documents } from "../editor/documents";
import { FileTree } from "../files/tree";
import { Uploads, type Choice } from "../files/uploads";
import { People } from "../presence/people";
import { Ports } from "../ports/ports";
import { Terminals } from "../terminal/terminals";
import { Channel } from "../wire/channel";
import { Dock } from "./panes/dock";
import { openedName } from "./tabs";
import { LayoutStore } from "./layoutStore";
import { Questions } from "./questions";

const HOLD_FOR = 1_000;

export class Session {
  readonly people: People;
  readonly documents: Documents;
  readonly terminals: Terminals;
  readonly ports: Ports;
  readonly tree: FileTree;
  readonly uploads: Uploads;
  readonly questions = new Questions();
  readonly dock: Dock;
  private stops: (() => void)[] = [];

  private constructor(
    readonly workspace: string,
    readonly channel: Channel,
    readonly layout: LayoutStore,
  ) {
    this.people = new People(channel);
    this.documents = new Documents(channel, workspace);
    this.terminals = new Terminals(channel);
    this.ports = new Ports(channel);
    this.tree = new FileTree(channel, layout.current.expanded, (expanded) => layout.change({ expanded }));
    this.uploads = new Uploads(channel, workspace, (taken, folder) => this.askAboutTaken(taken, folder));
    this.dock = new Dock(layout.current.panes, (panes) => layout.change({ panes }));
    this.stops.push(
      channel.onOpen(() => this.tellPresence()),
      this.dock.subscribe(() => this.tellPresence()),
      this.documents.onMoved((from, to) => this.documentMoved(from, to)),
    );
  }

  /** Connects at once and gives the session when the person's layout is known. */
  static async open(workspace: string, left: AbortSignal): Promise<Session | null> {
    const channel = new Channel(socketUrl(workspace));
    left.addEventListener("abort", () => channel.close());
    const layout = await LayoutStore.load(workspace);
    if (left.aborted) {
      layout.stop();
      return null;
    }
    const session = new Session(workspace, channel, layout);
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
