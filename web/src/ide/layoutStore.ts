/**
 * Keeps one person's layout of one workspace on the hub: read once, written a moment after each change.
 *
 * What is not known to be written is in the tab's own storage meanwhile: a page that is loaded again at once may be
 * faster than what the one before it sent.
 */
import { readLayout, type Layout } from "./layout";

const WRITE_AFTER = 800;
/** Browsers refuse larger bodies of requests that outlive their page (Fetch standard, keepalive quota of 64 KiB). */
const KEEPALIVE_LIMIT = 60_000;

export class LayoutStore {
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** What was sent last, and what the hub is known to have. */
  private written: string;
  private confirmed: string;
  private readonly url: string;

  private constructor(private readonly workspace: string, public current: Layout) {
    this.url = layoutUrl(workspace);
    this.written = this.confirmed = JSON.stringify(current);
    addEventListener("pagehide", this.flush);
    document.addEventListener("visibilitychange", this.hidden);
  }

  /** The stored layout, or an empty one when there is none or the hub cannot be asked. */
  static async load(workspace: string): Promise<LayoutStore> {
    let saved: unknown = null;
    try {
      const response = await fetch(layoutUrl(workspace), { headers: { Accept: "application/json" } });
      if (response.ok) saved = await response.json();
    } catch {
      // Opening on an empty layout is better than not opening.
    }
    const unwritten = recall(workspace);
    const store = new LayoutStore(workspace, readLayout(unwritten ?? saved));
    if (unwritten !== null) {
      store.written = store.confirmed = "";
      store.flush();
    }
    return store;
  }

  change(part: Partial<Layout>): void {
    this.current = { ...this.current, ...part };
    remember(this.workspace, JSON.stringify(this.current));
    clearTimeout(this.timer);
    this.timer = setTimeout(this.flush, WRITE_AFTER);
  }

  /** Write now what is not written yet. Failing is silent: the next change writes everything again. */
  flush = (): void => {
    clearTimeout(this.timer);
    const body = JSON.stringify(this.current);
    if (body === this.confirmed) remember(this.workspace, null);
    if (body === this.written) return;
    const before = this.written;
    this.written = body;
    const keepalive = body.length < KEEPALIVE_LIMIT;
    fetch(this.url, { method: "PUT", headers: { "Content-Type": "application/json" }, body, keepalive })
      .then((response) => {
        if (!response.ok) throw new Error(String(response.status));
        this.confirmed = body;
        if (JSON.stringify(this.current) === body) remember(this.workspace, null);
      })
      .catch(() => {
        if (this.written === body) this.written = before;
      });
  };

  stop(): void {
    this.flush();
    removeEventListener("pagehide", this.flush);
    document.removeEventListener("visibilitychange", this.hidden);
  }

  private hidden = (): void => {
    if (document.visibilityState === "hidden") this.flush();
  };
}

function remember(workspace: string, layout: string | null): void {
  try {
    if (layout === null) sessionStorage.removeItem(`coterie-layout-${workspace}`);
    else sessionStorage.setItem(`coterie-layout-${workspace}`, layout);
  } catch {
    // Without storage the hub alone has it, a moment later.
  }
}

function recall(workspace: string): unknown {
  try {
    return JSON.parse(sessionStorage.getItem(`coterie-layout-${workspace}`) ?? "null");
  } catch {
    return null;
  }
}

function layoutUrl(workspace: string): string {
  return `/api/v1/workspaces/${encodeURIComponent(workspace)}/layout`;
}
