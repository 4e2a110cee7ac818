/** A stand-in for the hub's HTTP API in unit tests: answers by method and path, and remembers what was asked. */
import { vi } from "vitest";
import type { Me, Workspace } from "../api/types";

export interface Asked {
  method: string;
  path: string;
  body: unknown;
}

export type Answers = Record<string, unknown>;

export const ADA: Me = { id: "ada", username: "ada", display_name: "Ada Lovelace", colour: 0, email: "", administrator: true };

export function workspace(changes: Partial<Workspace> = {}): Workspace {
  return {
    id: "w1",
    name: "analytical-engine",
    owner: { id: "ada", username: "ada", display_name: "Ada Lovelace", colour: 0 },
    state: "running",
    reason: "",
    progress: "",
    role: "owner",
    capabilities: ["workspace.see", "workspace.open", "workspace.start", "workspace.stop", "workspace.share", "workspace.delete"],
    created: "2026-11-20T10:00:00Z",
    source: { kind: "blank" },
    ...changes,
  };
}

/** A refusal with its status, as an answer. */
export class Refusal {
  constructor(
    readonly status: number,
    readonly body: unknown,
  ) {}
}

/** Answer requests from `answers` ("GET /api/v1/me"), 404 for all others; returns what was asked, as it is asked. */
export function fakeHub(answers: Answers): Asked[] {
  const asked: Asked[] = [];
  vi.stubGlobal("fetch", async (input: Request | string): Promise<Response> => {
    const request = input instanceof Request ? input : new Request(new URL(input, window.location.href));
    const path = new URL(request.url).pathname;
    const text = await request.text();
    asked.push({ method: request.method, path, body: text === "" ? null : JSON.parse(text) });
    const key = `${request.method} ${path}`;
    const answer = key in answers ? answers[key] : new Refusal(404, { code: "not-found", sentence: `No answer for ${key}.` });
    const [status, body] = answer instanceof Refusal ? [answer.status, answer.body] : [answer === null ? 204 : 200, answer];
    return new Response(body === null ? null : JSON.stringify(body), {
      status,
      headers: { "Content-Type": "application/json" },
    });
  });
  return asked;
}
