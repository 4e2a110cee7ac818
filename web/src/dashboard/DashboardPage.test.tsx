import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { queryClient } from "../api/cache";
import { keys } from "../api/keys";
import type { Workspace } from "../api/types";
import { ADA, fakeHub, Refusal, workspace } from "../test/hub";
import { draw, expectAccessible } from "../test/render";
import DashboardPage from "./DashboardPage";

const BOB = { id: "bob", username: "bob", display_name: "Bob", colour: 1 };

function list(...workspaces: Workspace[]): void {
  act(() => queryClient.setQueryData(keys.workspaces, workspaces));
}

async function choose(row: string, item: string): Promise<void> {
  fireEvent.click(screen.getByRole("button", { name: `More for ${row}` }));
  fireEvent.click(await screen.findByRole("menuitem", { name: item }));
}

beforeEach(() => {
  queryClient.clear();
  queryClient.setQueryData(keys.me, ADA);
});

afterEach(() => {
  vi.unstubAllGlobals();
});

test("my workspaces and those shared with me stand apart, with what may be done with each", async () => {
  list(workspace(), workspace({ id: "w2", name: "loom", owner: BOB, role: "member", state: "stopped", capabilities: ["workspace.start", "share.leave"] }));
  draw(<DashboardPage />);
  const mine = screen.getByRole("region", { name: /^Mine/ });
  const shared = screen.getByRole("region", { name: /^Shared with me/ });
  expect(within(mine).getByRole("link", { name: "Open analytical-engine" }).getAttribute("href")).toBe("/w/w1");
  expect(within(shared).getByRole("button", { name: "Start loom" })).toBeTruthy();
  fireEvent.click(within(shared).getByRole("button", { name: "More for loom" }));
  expect(await screen.findByRole("menuitem", { name: "Leave…" })).toBeTruthy();
  expect(screen.queryByRole("menuitem", { name: "Delete…" })).toBeNull();
  await expectAccessible();
});

test("a change shows as it happens and is said aloud", async () => {
  list(workspace({ state: "starting", progress: "Cloning the repository" }));
  draw(<DashboardPage />);
  expect(screen.getByText(/Cloning the repository/)).toBeTruthy();
  list(workspace({ state: "failed", reason: "The repository could not be reached." }));
  const row = screen.getByRole("listitem", { name: "analytical-engine" });
  expect(await within(row).findByText("Failed")).toBeTruthy();
  expect(within(row).getByText(/could not be reached/)).toBeTruthy();
  expect(screen.getByText("analytical-engine: failed. The repository could not be reached.")).toBeTruthy();
});

test("a refused start shows the server's sentence in its row", async () => {
  fakeHub({ "POST /api/v1/workspaces/w1/start": new Refusal(503, { code: "sandbox-missing", sentence: "bubblewrap is not installed." }) });
  list(workspace({ state: "stopped" }));
  draw(<DashboardPage />);
  fireEvent.click(screen.getByRole("button", { name: "Start analytical-engine" }));
  expect((await screen.findByRole("alert")).textContent).toContain("bubblewrap is not installed.");
});

test("deleting asks for the name, and the dialog goes with the workspace", async () => {
  const asked = fakeHub({ "DELETE /api/v1/workspaces/w1": null });
  list(workspace());
  draw(<DashboardPage />);
  await choose("analytical-engine", "Delete…");
  const dialog = await screen.findByRole("dialog", { name: "Delete analytical-engine?" });
  await expectAccessible();
  const button = within(dialog).getByRole("button", { name: "Delete workspace" });
  expect((button as HTMLButtonElement).disabled).toBe(true);
  fireEvent.change(within(dialog).getByRole("textbox"), { target: { value: "analytical-engine" } });
  fireEvent.click(button);
  await waitFor(() => expect(asked).toEqual([{ method: "DELETE", path: "/api/v1/workspaces/w1", body: { confirm: "analytical-engine" } }]));
  list();
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(screen.getByRole("heading", { name: "No workspaces yet" })).toBeTruthy();
});

test("a workspace from a git address is named after it, and what the server finds wrong stands at its field", async () => {
  const asked = fakeHub({
    "POST /api/v1/workspaces": new Refusal(409, { code: "taken", sentence: "You have one of that name.", fields: { name: "You have one of that name." } }),
  });
  list();
  draw(<DashboardPage />);
  fireEvent.click(screen.getByRole("button", { name: "Git repository" }));
  const dialog = await screen.findByRole("dialog", { name: "New workspace" });
  fireEvent.change(within(dialog).getByRole("textbox", { name: "Repository address" }), { target: { value: "https://example.org/a/loom.git" } });
  const name = within(dialog).getByRole<HTMLInputElement>("textbox", { name: "Name" });
  expect(name.value).toBe("loom");
  await expectAccessible();
  fireEvent.click(within(dialog).getByRole("button", { name: "Create workspace" }));
  expect(await within(dialog).findByText("You have one of that name.")).toBeTruthy();
  expect(asked[0]?.body).toEqual({ name: "loom", source: { kind: "git", url: "https://example.org/a/loom.git", branch: "" } });
  await waitFor(() => expect(document.activeElement).toBe(name));
});
