/** The state of the connection and the machine, in words, with what the person can do about it. */
import type { WorkspaceState } from "../api/types";
import type { ChannelState } from "../wire/channel";

/** Close codes the page acts on (see CLOSING in wire/generated). */
export const SIGNED_OUT = 4401;
export const FORBIDDEN = 4403;
export const NOT_FOUND = 4404;
export const NOT_RUNNING = 4409;
export const RELOAD = 4426;
export const REVOKED = 4430;
export const STOPPING = 4432;
export const MALFORMED = 4400;

export type Remedy = "try-again" | "sign-in" | "start" | "reload" | "leave";

export interface Connection {
  tone: "good" | "busy" | "problem";
  /** A few words for the status bar. */
  words: string;
  /** The whole sentence, when there is more to say. */
  sentence: string;
  remedy: Remedy | null;
}

export interface ChannelFacts {
  state: ChannelState;
  code: number;
  reason: string;
  latency: number | null;
}

/** What the status bar says; while there is no connection, a machine that does not run is what matters. */
export function connectionInWords(channel: ChannelFacts, machine: WorkspaceState = "running"): Connection {
  if (channel.state === "open") {
    const time = channel.latency === null ? "" : ` · ${channel.latency < 10 ? Math.max(1, Math.round(channel.latency)) : Math.round(channel.latency)} ms`;
    return { tone: "good", words: `Connected${time}`, sentence: "", remedy: null };
  }
  if (machine !== "running" && channel.code !== SIGNED_OUT) {
    const tone = machine === "failed" ? "problem" : "busy";
    return { tone, words: stateInWords(machine), sentence: channel.reason, remedy: null };
  }
  if (channel.state === "connecting" && channel.code === 0 && !channel.reason) {
    return { tone: "busy", words: "Connecting…", sentence: "", remedy: null };
  }
  if (channel.state !== "closed") {
    return { tone: "busy", words: "Reconnecting…", sentence: channel.reason, remedy: channel.state === "waiting" ? "try-again" : null };
  }
  return { tone: "problem", words: closedWords(channel.code), sentence: channel.reason, remedy: remedyFor(channel.code) };
}

function closedWords(code: number): string {
  switch (code) {
    case SIGNED_OUT:
      return "Signed out";
    case NOT_RUNNING:
    case STOPPING:
      return "Not running";
    case REVOKED:
    case FORBIDDEN:
    case NOT_FOUND:
      return "No access";
    case RELOAD:
      return "Reload needed";
    default:
      return "Disconnected";
  }
}

function remedyFor(code: number): Remedy | null {
  switch (code) {
    case SIGNED_OUT:
      return "sign-in";
    case NOT_RUNNING:
    case STOPPING:
      return "start";
    case RELOAD:
    case MALFORMED:
      return "reload";
    case REVOKED:
    case FORBIDDEN:
    case NOT_FOUND:
      return "leave";
    default:
      return "try-again";
  }
}

/** Whether nothing of the workspace may stay on the screen any more. */
export function isLockedOut(code: number): boolean {
  return code === REVOKED || code === FORBIDDEN || code === NOT_FOUND;
}

function stateInWords(state: WorkspaceState): string {
  return {
    stopped: "Workspace stopped",
    starting: "Workspace starting…",
    running: "Workspace running",
    stopping: "Workspace stopping…",
    failed: "Workspace failed",
  }[state];
}
