/** Connects again by itself once a workspace that was not running is running. */
import { useEffect, useRef } from "react";
import type { Workspace } from "../api/types";
import { useIde } from "../ide/context";
import { useChannel } from "../ide/useStore";
import { NOT_RUNNING, STOPPING } from "./connection";

/** Milliseconds between attempts, as the list of workspaces may say "running" a moment before or after it is so. */
const DELAYS = [0, 250, 500, 1_000, 2_000, 4_000];

export function useComeBack(workspace: Workspace | null): void {
  const { channel } = useIde();
  const { state, code } = useChannel(channel);
  const attempts = useRef(0);
  const waiting = state === "closed" && (code === NOT_RUNNING || code === STOPPING) && workspace?.state === "running";
  useEffect(() => {
    if (state === "open") attempts.current = 0;
    if (!waiting) return undefined;
    const delay = DELAYS[Math.min(attempts.current++, DELAYS.length - 1)];
    const timer = setTimeout(channel.now, delay);
    return () => clearTimeout(timer);
  }, [waiting, state, channel]);
}
