/** Asking the browser for files or a folder to upload. */
import type { Ide } from "../ide/context";
import { upload } from "./actions";
import { fromChooser } from "./dropped";

export function chooseAndUpload(ide: Ide, into: string, folder: boolean): void {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  input.webkitdirectory = folder;
  input.hidden = true;
  input.setAttribute("aria-label", folder ? "Folder to upload" : "Files to upload");
  input.addEventListener("change", () => {
    if (input.files) void upload(ide, into, fromChooser(input.files));
    input.remove();
  });
  input.addEventListener("cancel", () => input.remove());
  // Some browsers forget an input that is not in the page before the person has chosen.
  document.body.append(input);
  input.click();
}
