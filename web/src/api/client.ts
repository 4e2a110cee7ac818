/** Requests to the hub, typed from its OpenAPI; whatever goes wrong is an ApiError with a sentence. */
import createClient from "openapi-fetch";
import { fromBody, unreachable } from "./errors";
import type { paths } from "./schema";

export const api = createClient<paths>({
  baseUrl: window.location.origin,
  // Looked up at each call, so that a test may stand in for the network.
  fetch: (request) => globalThis.fetch(request),
  credentials: "same-origin",
});

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of a good answer. Throws ApiError for any other, and when there was none. */
export async function take<T>(answer: Promise<Answer<T>>): Promise<T> {
  let given: Answer<T>;
  try {
    given = await answer;
  } catch {
    throw unreachable();
  }
  if (!given.response.ok) throw fromBody(given.error, given.response.status);
  return given.data as T;
}
