/** Which file of the workspace a path in output means. */
import type { Channel } from "../wire/channel";
import { candidates } from "./links";

/** The path relative to the files, or null when nothing fits. `folder` is where the terminal was opened. */
export async function findFile(channel: Channel, mentioned: string, folder: string): Promise<string | null> {
  const possible = candidates(mentioned, channel.welcome?.files_root ?? "", folder);
  for (const path of possible) {
    const answer = await channel.request({ type: "FileFind", query: path, limit: 50 }).catch(() => null);
    if (answer?.type !== "FileFound") continue;
    // The shell may have moved to another folder since: then the path is the end of one.
    const exact = answer.paths.find((found) => found === path) ?? answer.paths.find((found) => found.endsWith(`/${path}`));
    if (exact) return exact;
  }
  return null;
}
