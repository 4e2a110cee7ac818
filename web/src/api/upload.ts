/** Sending a file to become a workspace. `fetch` says nothing about how much has been sent; XMLHttpRequest does. */
import { ApiError, fromBody, unreachable } from "./errors";
import type { Workspace } from "./types";

export interface Upload {
  done: Promise<Workspace>;
  /** Stop sending. `done` then rejects with an ApiError that says so. */
  cancel: () => void;
}

/** Send `file` as the files of a new workspace called `name`; `onProgress` gets the sent fraction, 0 to 1. */
export function uploadArchive(name: string, file: File, onProgress: (fraction: number) => void): Upload {
  const request = new XMLHttpRequest();
  const done = new Promise<Workspace>((resolve, reject) => {
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    request.onload = () => {
      const body = parsed(request.responseText);
      if (request.status >= 200 && request.status < 300) resolve(body as Workspace);
      else reject(fromBody(body, request.status));
    };
    request.onerror = () => reject(unreachable());
    request.onabort = () => reject(new ApiError("conflict", "The upload was cancelled. Nothing was created."));
    request.open("POST", `/api/v1/workspaces/from-archive?${new URLSearchParams({ name, filename: file.name }).toString()}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.send(file);
  });
  return { done, cancel: () => request.abort() };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
