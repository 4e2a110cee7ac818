/** A workspace's state in words, and what one may do with it. */
import type { Workspace } from "../api/types";
import type { Capability } from "../wire/generated";

export const STATE_WORDS: Record<Workspace["state"], string> = {
  stopped: "Stopped",
  starting: "Starting",
  running: "Running",
  stopping: "Stopping",
  failed: "Failed",
};

export function may(workspace: Workspace, capability: Capability): boolean {
  return workspace.capabilities.includes(capability);
}

/** Where its files came from, in few words; empty for a blank workspace. */
export function sourceInWords({ source }: Workspace): string {
  switch (source.kind) {
    case "git":
      return shortUrl(source.url) + (source.branch ? ` @ ${source.branch}` : "");
    case "archive":
      return source.filename === "" ? "an archive" : source.filename;
    default:
      return "";
  }
}

/** A git address without what everyone knows: scheme, user and ending. */
export function shortUrl(url: string): string {
  return url.replace(/^[a-z+]+:\/\//i, "").replace(/^[^@/]*@/, "").replace(/\/+$/, "").replace(/\.git$/, "");
}

/** A name for a workspace made from a git address or a file: its last part without ending. */
export function nameFrom(address: string): string {
  const last = address.trim().replace(/\/+$/, "").split(/[/:\\]/).at(-1) ?? "";
  return last.replace(/\.(git|zip|tar|tgz|tbz2?|txz|tar\.[a-z0-9]+)$/i, "").slice(0, 80);
}

/** Sentences for a screen reader about what changed between two looks at the list. */
export function changesInWords(before: readonly Workspace[] | undefined, now: readonly Workspace[]): string[] {
  if (!before) return [];
  const was = new Map(before.map((workspace) => [workspace.id, workspace]));
  return now.flatMap((workspace) => {
    const old = was.get(workspace.id);
    if (old?.state === workspace.state) return [];
    if (!old) return [`${workspace.name} was added: ${STATE_WORDS[workspace.state].toLowerCase()}.`];
    const reason = workspace.state === "failed" ? ` ${workspace.reason}` : "";
    return [`${workspace.name}: ${STATE_WORDS[workspace.state].toLowerCase()}.${reason}`];
  });
}
