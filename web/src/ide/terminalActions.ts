/** What people do to terminals as a whole: open, rename, run again, close; and how one is said in a few words. */
import { MACHINE_STOPPED } from "../terminal/terminals";
import { RequestError } from "../wire/channel";
import { TERMINAL_LONGEST_NAME, type TerminalInfo } from "../wire/generated";
import type { Ide } from "./context";

const READ_ONLY = "You may only watch here: terminals cannot be used.";
const OFFLINE = "Not connected: terminals can be used again when the connection is back.";

type TerminalCapability = "terminal.open" | "terminal.write" | "terminal.close";

/** Why this person cannot do that to terminals now; empty when they can. */
export function whyNotTerminal(ide: Ide, capability: TerminalCapability): string {
  if (ide.channel.welcome && !ide.channel.may(capability)) return READ_ONLY;
  return ide.channel.state === "open" ? "" : OFFLINE;
}

export async function renameTerminal(ide: Ide, { terminal, name }: TerminalInfo): Promise<void> {
  const answer = await ide.session.questions.ask({
    title: `Rename “${name}”`,
    text: "Everyone sees the new name.",
    field: { label: "Name of the terminal", value: name, longest: TERMINAL_LONGEST_NAME },
    answers: [{ value: "rename", label: "Rename" }],
  });
  if (answer !== null && answer !== name) await attempt(ide, () => ide.terminals.rename(terminal, answer));
}

export async function runAgain(ide: Ide, { terminal }: TerminalInfo): Promise<void> {
  ide.openTerminal({ terminal });
  await attempt(ide, () => ide.terminals.runAgain(terminal));
}

/** Close a terminal for everyone; asks first unless it has ended. */
export async function closeTerminal(ide: Ide, { terminal, name, ended }: TerminalInfo): Promise<void> {
  if (!ended) {
    const answer = await ide.session.questions.ask({
      title: `Close “${name}”?`,
      text: "It closes for everyone, and what runs in it ends.",
      answers: [{ value: "close", label: "Close the terminal", danger: true }],
    });
    if (answer !== "close") return;
  }
  ide.session.closing.add(terminal);
  await attempt(ide, () => ide.terminals.close(terminal));
}

async function attempt(ide: Ide, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    ide.notify({ kind: "problem", sentence: error.sentence });
  }
}

/** Whose terminal it is, or how it ended. `me` is one's own display name. */
export function terminalDetail(info: TerminalInfo, me: string): string {
  if (info.ended) return info.exit_code === MACHINE_STOPPED ? "ended" : `ended · exit code ${info.exit_code}`;
  return info.owner === me ? "you" : info.owner;
}
