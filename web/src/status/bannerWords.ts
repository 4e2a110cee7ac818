/** What the banner says for every state of connection and machine. */
import type { Workspace } from "../api/types";
import { connectionInWords, NOT_RUNNING, SIGNED_OUT, STOPPING, type ChannelFacts, type Remedy } from "./connection";

export interface BannerWords {
  tone: "calm" | "problem";
  title: string;
  text: string;
  busy: boolean;
  remedy: Remedy | null;
  /** Whether the log has something to say. */
  log: boolean;
}

interface Circumstances {
  /** The connection has been away longer than a moment. */
  long: boolean;
  mayStart: boolean;
}

const KEPT = "Your tabs and what you typed are kept.";
const ASK = "Ask its owner to start it; this page goes on by itself.";

/** The banner, or null when all is well or may be again in a moment. */
export function bannerFor(
  channel: ChannelFacts,
  workspace: Pick<Workspace, "state" | "reason" | "progress"> | null,
  { long, mayStart }: Circumstances,
): BannerWords | null {
  if (channel.state === "open") return null;
  const machine = workspace?.state;
  if (channel.state === "closed" && channel.code === SIGNED_OUT) {
    return problem("You are signed out.", `${KEPT} Sign in to go on here.`, "sign-in");
  }
  if (machine === "starting") return calm("The workspace is starting.", workspace?.progress || "This page goes on by itself.");
  if (machine === "stopping") return calm("The workspace is stopping.", KEPT);
  if (machine === "failed") {
    const reason = workspace?.reason || "It ended without saying why.";
    return { ...problem("The workspace failed.", `${reason} ${mayStart ? "" : ASK}`.trim(), mayStart ? "start" : null), log: true };
  }
  if (machine === "stopped") {
    return calm("The workspace is stopped.", mayStart ? `${KEPT} Start it to go on.` : `${KEPT} ${ASK}`, mayStart ? "start" : null, false);
  }
  if (channel.state === "closed") {
    if (channel.code === NOT_RUNNING || channel.code === STOPPING) return calm("The workspace is not running.", KEPT);
    return problem("The connection ended.", channel.reason, connectionInWords(channel).remedy);
  }
  if (!long) return null;
  return calm("Reconnecting…", `${channel.reason === "" ? "The workspace does not answer yet." : channel.reason} You can go on typing: it is sent when the connection is back.`, "try-again");
}

function calm(title: string, text: string, remedy: Remedy | null = null, busy = true): BannerWords {
  return { tone: "calm", title, text, busy, remedy, log: false };
}

function problem(title: string, text: string, remedy: Remedy | null): BannerWords {
  return { tone: "problem", title, text, busy: false, remedy, log: false };
}
