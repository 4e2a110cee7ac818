/**
 * The elements that tabs' contents live in, one each for as long as the tab is open.
 *
 * A content is drawn into its host, and the host is put wherever the tab is: so an editor or a terminal lives on, with its
 * scroll position and its undo, when its tab is dragged to another pane.
 */

export class Hosts {
  private hosts = new Map<string, HTMLElement>();

  /** `onAttention` is called with a tab when the person clicks or types in its content. */
  constructor(private readonly onAttention: (tab: string) => void) {}

  /** The host of a tab; the same element each time. */
  of(tab: string): HTMLElement {
    const known = this.hosts.get(tab);
    if (known) return known;
    const host = document.createElement("div");
    const attention = () => this.onAttention(tab);
    host.addEventListener("focusin", attention);
    host.addEventListener("pointerdown", attention);
    this.hosts.set(tab, host);
    return host;
  }

  /** Put exactly the hosts of `tabs` into `place`, only that of `shown` visible. */
  fill(place: HTMLElement, tabs: readonly string[], shown: string): void {
    const wanted = tabs.map((tab) => this.of(tab));
    for (const child of [...place.children]) if (!wanted.includes(child as HTMLElement)) child.remove();
    for (const [index, tab] of tabs.entries()) {
      const host = wanted[index] as HTMLElement;
      if (host.parentElement !== place) place.append(host);
      host.hidden = tab !== shown;
    }
  }

  /** Forget the hosts of tabs that are no longer open. */
  keep(tabs: readonly string[]): void {
    for (const [tab, host] of this.hosts) {
      if (tabs.includes(tab)) continue;
      host.remove();
      this.hosts.delete(tab);
    }
  }
}
