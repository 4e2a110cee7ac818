import { fireEvent, screen } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import { draw } from "../test/render";
import OnlyCopy from "./OnlyCopy";

afterEach(() => {
  vi.restoreAllMocks();
});

function show(text: string) {
  draw(<OnlyCopy sentence="This may be the only copy." path="docs/a.txt" text={() => text} />);
}

it("says why, and puts the text into the clipboard", async () => {
  const written: string[] = [];
  vi.stubGlobal("navigator", { clipboard: { writeText: async (text: string) => void written.push(text) } });
  show("all of it\n");
  expect(screen.getByRole("alert").textContent).toContain("This may be the only copy. It stays on this page");
  fireEvent.click(screen.getByRole("button", { name: "Copy the text" }));
  await screen.findByRole("button", { name: "Copied" });
  expect(written).toEqual(["all of it\n"]);
  vi.unstubAllGlobals();
});

it("downloads the text under the file's name", async () => {
  let saved: Blob | null = null;
  let name = "";
  URL.createObjectURL = (blob) => {
    saved = blob as Blob;
    return "blob:one";
  };
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
    name = this.download;
  });
  show("é all of it\n");
  fireEvent.click(screen.getByRole("button", { name: "Download" }));
  expect(name).toBe("a.txt");
  expect(await (saved as unknown as Blob).text()).toBe("é all of it\n");
});
