/** A workspace's log, read on from where it was whenever the hub says that something happened to the workspace. */
import { useEffect, useRef, useState } from "react";
import { fromBody, sentenceOf, unreachable } from "./errors";
import type { Workspace } from "./types";

export interface Log {
  /** Undefined until the first answer. */
  text: string | undefined;
  /** Why it is not there or does not go on; empty while all is well. */
  problem: string;
}

interface Part {
  text: string;
  /** Offset in bytes to ask for next. */
  end: number;
  /** The log was begun anew, so what was read before is not in front of this. */
  anew: boolean;
}

/** Characters kept: what a page can show without getting slow. */
const KEPT = 400_000;

/** `text` with `more` behind it, cut at the front at a line's beginning when it grows too long. */
export function append(text: string, more: string): string {
  const whole = text + more;
  if (whole.length <= KEPT) return whole;
  const cut = whole.indexOf("\n", whole.length - KEPT);
  return whole.slice(cut + 1);
}

/** Lines as a page shows them: without terminal colours and cursor movements, and with times of this place, not UTC. */
export function plain(text: string): string {
  return text
    .replace(/\u001b\[[0-9;?]*[A-Za-z]/g, "")
    .replace(/\r\n?/g, "\n")
    .replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ(?= )/gm, here);
}

/** A time in UTC as month, day and time of day here. */
function here(utc: string): string {
  const time = new Date(utc);
  const two = (number: number) => String(number).padStart(2, "0");
  const day = `${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

async function readFrom(id: string, after: number): Promise<Part> {
  const response = await fetch(`/api/v1/workspaces/${id}/log?after=${after}`).catch(() => Promise.reject(unreachable()));
  if (!response.ok) throw fromBody(await response.json().catch(() => null), response.status);
  const data = await response.arrayBuffer();
  const end = Number(response.headers.get("Coterie-Log-End") ?? after + data.byteLength);
  return { text: plain(new TextDecoder().decode(data)), end, anew: end - data.byteLength !== after };
}

export function useLog(workspace: Workspace): Log {
  const { id } = workspace;
  const [log, setLog] = useState<Log>({ text: undefined, problem: "" });
  const reader = useRef({ at: 0, busy: false, again: false });

  useEffect(() => {
    const state = reader.current;
    // Events come faster than answers: one read at a time, and one more for all that was asked for meanwhile.
    state.again = true;
    if (state.busy) return;

    async function read(): Promise<void> {
      state.busy = true;
      try {
        while (state.again) {
          state.again = false;
          const part = await readFrom(id, state.at);
          // A long log comes in several parts.
          if (part.end !== state.at) state.again = true;
          state.at = part.end;
          setLog(({ text }) => ({ text: part.anew ? part.text : append(text ?? "", part.text), problem: "" }));
        }
      } catch (error) {
        setLog(({ text }) => ({ text, problem: sentenceOf(error) }));
      } finally {
        state.busy = false;
      }
    }

    void read();
  }, [id, workspace]);

  return log;
}
