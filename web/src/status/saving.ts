/** Whether everything typed is safe, in words. */
import type { DocumentFacts } from "../editor/facts";

export interface SaveState {
  tone: "good" | "busy" | "problem";
  words: string;
  /** More of it, for who wants to know. */
  sentence: string;
}

/** Over all open documents, the active one's assurances last; null when none is open. */
export function savingInWords(all: readonly DocumentFacts[], active: DocumentFacts | null): SaveState | null {
  if (active?.gone && active.phase === "open") {
    return { tone: "problem", words: "File deleted", sentence: "Its text is kept until everyone has closed it, and saved once you restore the file." };
  }
  const open = all.filter((facts) => facts.phase !== "failed" && !facts.gone);
  const problem = open.find((facts) => facts.problem !== "");
  if (problem) return { tone: "problem", words: "Not saved", sentence: `${problem.path}: ${problem.problem}` };
  const waiting = open.reduce((sum, facts) => sum + facts.unconfirmed, 0);
  if (waiting > 0 && open.some((facts) => facts.phase === "offline")) {
    return {
      tone: "busy",
      words: `${waiting} ${waiting === 1 ? "change waits" : "changes wait"} for the connection`,
      sentence: "What you typed is kept in this browser, also when you close the page, and sent when the connection is back.",
    };
  }
  if (waiting > 0 || open.some((facts) => !facts.saved)) return { tone: "busy", words: "Saving…", sentence: "" };
  if (!active || active.phase !== "open") return open.length ? { tone: "good", words: "Saved", sentence: "" } : null;
  if (!active.writable) return { tone: "good", words: "Read-only", sentence: active.reason };
  return active.proven
    ? { tone: "good", words: "Saved · everyone has the same text", sentence: "The workspace has compared your text with its own: they are equal." }
    : { tone: "good", words: "Saved", sentence: "" };
}
