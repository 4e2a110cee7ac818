/** The branch that is checked out in the workspace's root, as git's own file says. */
import { useEffect, useState } from "react";
import { fileUrl } from "../files/addresses";
import { useIde } from "../ide/context";
import { useChannel, useStore } from "../ide/useStore";

export function useBranch(): string {
  const { channel, workspace, session } = useIde();
  useStore(session.tree);
  const repository = session.tree.names("").includes(".git");
  const open = useChannel(channel).state === "open" && repository;
  const [branch, setBranch] = useState("");
  useEffect(() => {
    if (!open) return undefined;
    let newest = 0;
    const read = async () => {
      const asked = ++newest;
      try {
        const response = await fetch(fileUrl(workspace, ".git/HEAD"));
        const text = response.ok ? await response.text() : "";
        if (asked === newest) setBranch(branchOf(text));
      } catch {
        // Without an answer the branch last known stays.
      }
    };
    const visible = () => document.visibilityState === "visible" && void read();
    void read();
    // A checkout is told as a notice, and changes names in folders that are watched.
    const stops = [channel.on("Notice", () => void read()), channel.on("FilesChanged", () => void read())];
    document.addEventListener("visibilitychange", visible);
    return () => {
      newest = -1;
      stops.forEach((stop) => stop());
      document.removeEventListener("visibilitychange", visible);
    };
  }, [open, channel, workspace]);
  return repository ? branch : "";
}

/** The branch in the text of `.git/HEAD`; seven digits of the commit when none is checked out. */
export function branchOf(head: string): string {
  const branch = /^ref: refs\/heads\/(\S+)\s*$/.exec(head)?.[1];
  return branch ?? /^([0-9a-f]{7})[0-9a-f]{33}\s*$/.exec(head)?.[1] ?? "";
}
