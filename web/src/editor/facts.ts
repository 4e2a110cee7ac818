/** What a page says about a document that it has open. */
import type { ErrorCode } from "../wire/generated";

export type Phase = "opening" | "open" | "offline" | "failed";

/** What the page shows about a document. A new object after every change. */
export interface DocumentFacts {
  path: string;
  phase: Phase;
  /** Why it could not be opened, or joined again. */
  failure: { code: ErrorCode; sentence: string } | null;
  writable: boolean;
  /** Why it is not writable, a sentence. */
  reason: string;
  /** Encoding and line ends in words. */
  format: string;
  /** Edits of this tab that the server has not confirmed, also those that are to be brought from elsewhere. */
  unconfirmed: number;
  saved: boolean;
  /** Why the text is not on disk, a sentence. */
  problem: string;
  /** The file was deleted. */
  gone: boolean;
  /** The server has compared hashes and everyone has the same text. */
  proven: boolean;
  /** Changes whenever `doc` is another one. */
  generation: number;
}

/** Something that happened and that the person should read once. */
export interface DocumentNotice {
  kind: "info" | "warning";
  sentence: string;
  /** A version that holds what did not fit, 0: none. */
  version: number;
}
