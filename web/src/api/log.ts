/** A workspace's log as it grows: one answer that the hub goes on writing to, taken up again where it broke off. */
import { useEffect, useState } from "react";
import { ApiError, fromBody, sentenceOf } from "./errors";

export interface Log {
  /** Undefined until the first answer. */
  text: string | undefined;
  /** Why it is not there or does not go on; empty while all is well. */
  problem: string;
}

/** Characters kept: what a page can show without getting slow. */
const KEPT = 400_000;
const RETRY = 2_000;

/** `text` with `more` behind it, cut at the front at a line's beginning when it grows too long. */
export function append(text: string, more: string): string {
  const whole = text + more;
  if (whole.length <= KEPT) return whole;
  const cut = whole.indexOf("\n", whole.length - KEPT);
  return whole.slice(cut + 1);
}

/** Terminal colours and cursor movements, which a page shows as noise. */
export function plain(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, "").replace(/\r(?!\n)/g, "\n").replace(/\r/g, "");
}

/** Follow the log from byte `after` on; returns the byte it ended at. Throws ApiError when the hub refuses. */
async function follow(id: string, after: number, signal: AbortSignal, onText: (text: string) => void): Promise<number> {
  const response = await fetch(`/api/v1/workspaces/${id}/log?follow=true&after=${after}`, { signal });
  if (!response.ok) throw fromBody(await response.json().catch(() => null), response.status);
  onText("");
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let at = after;
  for (;;) {
    const part = await reader?.read();
    if (!part || part.done) return at;
    at += part.value.byteLength;
    onText(decoder.decode(part.value, { stream: true }));
  }
}

export function useLog(id: string): Log {
  const [log, setLog] = useState<Log>({ text: undefined, problem: "" });

  useEffect(() => {
    const abort = new AbortController();
    let retry: ReturnType<typeof setTimeout> | undefined;
    let at = 0;

    async function run(): Promise<void> {
      try {
        at = await follow(id, at, abort.signal, (more) =>
          setLog(({ text }) => ({ text: append(text ?? "", plain(more)), problem: "" })),
        );
      } catch (error) {
        if (abort.signal.aborted) return;
        const refused = error instanceof ApiError && error.code !== "unavailable";
        setLog(({ text }) => ({
          text,
          problem: refused ? sentenceOf(error) : "The connection was lost. The log goes on when it is back.",
        }));
        if (refused) return;
      }
      if (!abort.signal.aborted) retry = setTimeout(() => void run(), RETRY);
    }

    setLog({ text: undefined, problem: "" });
    void run();
    return () => {
      abort.abort();
      clearTimeout(retry);
    };
  }, [id]);

  return log;
}
