/** Where a workspace's file contents are read and written over HTTP. */

export function fileUrl(workspace: string, path: string): string {
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  return `/api/v1/workspaces/${encodeURIComponent(workspace)}/files/${encoded}`;
}

/** Where a file is downloaded, or a folder (empty: everything) as a zip archive. */
export function downloadUrl(workspace: string, path: string, folder: boolean): string {
  return `${fileUrl(workspace, path)}?${folder ? "archive=zip" : "download=1"}`;
}

/** Have the browser download it; it streams to disk, however large it is. */
export function download(workspace: string, path: string, folder: boolean): void {
  const link = document.createElement("a");
  link.href = downloadUrl(workspace, path, folder);
  link.download = "";
  document.body.append(link);
  link.click();
  link.remove();
}
