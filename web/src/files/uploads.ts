/** Uploads of this page: a queue with progress that can be cancelled, and the question of names already taken. */
import { fromBody, unreachable } from "../api/errors";
import { baseName, folderOf, joinPath } from "../ide/paths";
import { RequestError, type Channel } from "../wire/channel";
import { fileUrl } from "./addresses";
import type { Incoming, Walked } from "./dropped";

const AT_ONCE = 3;

export type UploadState = "waiting" | "sending" | "done" | "failed" | "cancelled";

export interface Upload {
  id: number;
  path: string;
  size: number;
  sent: number;
  state: UploadState;
  /** Why it failed. */
  problem: string;
}

export type Choice = "replace" | "keep-both" | "skip";

/** Asks the person about names that are taken; null: they changed their mind about everything. */
export type Ask = (taken: readonly string[], folder: string) => Promise<Choice | null>;

interface Job extends Upload {
  file: File;
  request?: XMLHttpRequest;
}

export class Uploads {
  private jobs: Job[] = [];
  private view: readonly Upload[] = [];
  private listeners = new Set<() => void>();
  private numbers = 0;

  constructor(
    private readonly channel: Channel,
    private readonly workspace: string,
    private readonly ask: Ask,
  ) {}

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Every upload since the list was last cleared, the same array until something changes. */
  snapshot = (): readonly Upload[] => this.view;

  /** Upload into `folder`. Raises RequestError when the folder cannot be read or a new one not be made. */
  async add(folder: string, walked: Walked): Promise<void> {
    if (walked.files.length + walked.emptyFolders.length === 0) return;
    const files = await this.settleConflicts(folder, walked.files);
    if (!files) return;
    for (const path of walked.emptyFolders) await this.makeFolder(joinPath(folder, path));
    for (const { path, file } of files) {
      this.jobs.push({ id: ++this.numbers, path: joinPath(folder, path), size: file.size, sent: 0, state: "waiting", problem: "", file });
    }
    this.changed();
    this.next();
  }

  cancel(id: number): void {
    const job = this.jobs.find((one) => one.id === id);
    if (!job || (job.state !== "waiting" && job.state !== "sending")) return;
    job.state = "cancelled";
    job.request?.abort();
    this.changed();
    this.next();
  }

  cancelAll(): void {
    for (const job of [...this.jobs]) this.cancel(job.id);
  }

  retry(id: number): void {
    const job = this.jobs.find((one) => one.id === id);
    if (!job || job.state !== "failed") return;
    job.state = "waiting";
    job.sent = 0;
    job.problem = "";
    this.changed();
    this.next();
  }

  /** Forget what is finished. */
  clear(): void {
    this.jobs = this.jobs.filter((job) => job.state === "waiting" || job.state === "sending");
    this.changed();
  }

  stop(): void {
    for (const job of this.jobs) job.request?.abort();
    this.jobs = [];
  }

  /** The files to send once the person has said what to do about names that are taken; null: none at all. */
  private async settleConflicts(folder: string, files: Incoming[]): Promise<Incoming[] | null> {
    const taken = new Map<string, Set<string>>();
    const conflicts: string[] = [];
    for (const { path } of files) {
      const within = joinPath(folder, folderOf(path)).replace(/\/$/, "");
      if (!taken.has(within)) taken.set(within, await this.names(within));
      if (taken.get(within)?.has(baseName(path))) conflicts.push(path);
    }
    if (conflicts.length === 0) return files;
    const choice = await this.ask(conflicts, folder);
    if (choice === null) return null;
    const concerned = new Set(conflicts);
    if (choice === "skip") return files.filter(({ path }) => !concerned.has(path));
    if (choice === "replace") return files;
    return files.map((incoming) => {
      if (!concerned.has(incoming.path)) return incoming;
      const names = taken.get(joinPath(folder, folderOf(incoming.path)).replace(/\/$/, "")) ?? new Set<string>();
      const free = freeName(baseName(incoming.path), names);
      names.add(free);
      return { ...incoming, path: joinPath(folderOf(incoming.path), free) };
    });
  }

  private async names(folder: string): Promise<Set<string>> {
    try {
      const answer = await this.channel.request({ type: "FileList", path: folder });
      return new Set(answer.type === "FileListing" ? answer.entries.map((entry) => entry.name) : []);
    } catch (error) {
      // A folder that is yet to be made has no names.
      if (error instanceof RequestError && error.code === "not-found") return new Set();
      throw error;
    }
  }

  private async makeFolder(path: string): Promise<void> {
    try {
      await this.channel.request({ type: "FileCreate", path, folder: true });
    } catch (error) {
      if (!(error instanceof RequestError && error.code === "exists")) throw error;
    }
  }

  private next(): void {
    const sending = this.jobs.filter((job) => job.state === "sending").length;
    for (const job of this.jobs.filter((one) => one.state === "waiting").slice(0, Math.max(0, AT_ONCE - sending))) this.send(job);
  }

  private send(job: Job): void {
    const request = new XMLHttpRequest();
    job.request = request;
    job.state = "sending";
    const end = (state: UploadState, problem = ""): void => {
      if (job.state !== "sending") return;
      job.state = state;
      job.problem = problem;
      if (state === "done") job.sent = job.size;
      delete job.request;
      this.changed();
      this.next();
    };
    request.upload.onprogress = (event) => {
      job.sent = event.loaded;
      this.changed();
    };
    request.onload = () => {
      if (request.status < 300) end("done");
      else end("failed", fromBody(parsed(request.responseText), request.status).sentence);
    };
    request.onerror = () => end("failed", unreachable().sentence);
    request.onabort = () => end("cancelled");
    request.open("PUT", fileUrl(this.workspace, job.path));
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.send(job.file);
    this.changed();
  }

  private changed(): void {
    this.view = this.jobs.map(({ id, path, size, sent, state, problem }) => ({ id, path, size, sent, state, problem }));
    for (const listener of [...this.listeners]) listener();
  }
}

/** `name` with a number that makes it free: `notes (2).txt`. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  const dot = name.lastIndexOf(".");
  const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
  for (let number = 2; ; number++) {
    const candidate = `${stem} (${number})${ending}`;
    if (!taken.has(candidate)) return candidate;
  }
}

/** A size in words, in units of 1000 as file managers show them. */
export function sizeInWords(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return unit === 0 ? `${bytes} ${bytes === 1 ? "byte" : "bytes"}` : `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
