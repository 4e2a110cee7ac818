/** What the status bar says about a document, in words. */
import type { DocumentFacts } from "./document";

export interface DocumentStatus {
  tone: "good" | "busy" | "warning" | "problem";
  /** A few words, always shown. */
  label: string;
  /** A sentence, shown on demand. */
  detail: string;
}

/** The state of a document: the most important thing there is to say about it. */
export function statusOf(facts: DocumentFacts): DocumentStatus {
  const { phase, failure, problem, gone, unconfirmed, saved, proven, writable, reason } = facts;
  const edits = unconfirmed === 1 ? "1 edit" : `${unconfirmed} edits`;
  if (phase === "failed") return { tone: "problem", label: "Not opened", detail: failure?.sentence ?? "" };
  if (phase === "opening") return { tone: "busy", label: "Opening…", detail: "The document is on its way." };
  if (phase === "offline") {
    return unconfirmed > 0
      ? { tone: "warning", label: `Offline: ${edits} kept here`, detail: "What you type is kept in this browser and sent when the connection is back." }
      : { tone: "warning", label: "Offline", detail: "You can go on typing. It is kept in this browser and sent when the connection is back." };
  }
  if (problem) return { tone: "problem", label: "Not saved", detail: problem };
  if (gone) return { tone: "warning", label: "File deleted", detail: "The file was deleted. Its text is kept here until everyone has closed it." };
  if (!writable) return { tone: "good", label: "Read-only", detail: reason };
  if (!saved || unconfirmed > 0) return { tone: "busy", label: "Saving…", detail: "The file is written when typing pauses." };
  if (proven) return { tone: "good", label: "Saved", detail: "Saved to disk. Everyone has the same text." };
  return { tone: "good", label: "Saved", detail: "Saved to disk." };
}
