/** What the server refused, as the pages show it. */
import type { ErrorCode } from "../wire/generated";

/** A refused or failed request: `code` for programs, `sentence` for people, `fields` for the inputs of a form. */
export class ApiError extends Error {
  constructor(
    readonly code: ErrorCode,
    readonly sentence: string,
    readonly fields: Record<string, string> = {},
  ) {
    super(sentence);
    this.name = "ApiError";
  }
}

/** The server was not reached at all. */
export function unreachable(): ApiError {
  return new ApiError("unavailable", "Coterie cannot be reached. Check your connection and try again.");
}

/** The error in a response's body; an answer that is not the hub's own (a proxy's page) gets a sentence of ours. */
export function fromBody(body: unknown, status: number): ApiError {
  if (typeof body === "object" && body !== null && "sentence" in body && "code" in body) {
    const { code, sentence, fields } = body as { code: ErrorCode; sentence: string; fields?: Record<string, string> | null };
    return new ApiError(code, sentence, fields ?? {});
  }
  if (status === 401) return new ApiError("signed-out", "You are signed out. Sign in to go on.");
  if (status === 413) return new ApiError("too-big", "This is bigger than the server accepts.");
  if (status === 502 || status === 503 || status === 504) return unreachable();
  return new ApiError("internal", `The server answered with an error (${status}). Try again; if it stays, tell your administrator.`);
}

/** The sentence to show for anything that was thrown. */
export function sentenceOf(error: unknown): string {
  if (error instanceof ApiError) return error.sentence;
  return "Something in this page failed. Reload it and try again.";
}
