import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { queryClient } from "../api/cache";
import { keys } from "../api/keys";
import { ADA, fakeHub } from "../test/hub";
import { draw, expectAccessible } from "../test/render";
import AdminPage from "./AdminPage";

const BOB = { ...ADA, id: "bob", username: "bob", display_name: "Bob", administrator: false, disabled: false, created: "2026-11-01T00:00:00Z", last_seen: null };
const INVITATION = { id: "i", note: "Carol", created: "2026-11-20T00:00:00Z", expires: "2026-11-27T00:00:00Z", uses_left: 1, created_by: null };

beforeEach(() => {
  queryClient.clear();
  queryClient.setQueryData(keys.me, ADA);
});

afterEach(() => {
  vi.unstubAllGlobals();
});

test("an invitation's link is shown to be copied; disabling somebody asks first", async () => {
  const asked = fakeHub({
    "GET /api/v1/admin/users": [BOB],
    "GET /api/v1/invitations": [INVITATION],
    "POST /api/v1/invitations": { ...INVITATION, token: "secret", link: "http://localhost/join#secret" },
    "PATCH /api/v1/admin/users/bob": { ...BOB, disabled: true },
  });
  draw(<AdminPage />);
  fireEvent.click(await screen.findByRole("button", { name: "Create link" }));
  expect((await screen.findByLabelText<HTMLInputElement>("Invitation link")).value).toBe("http://localhost/join#secret");
  await screen.findByRole("button", { name: "Revoke Carol" });
  await expectAccessible();

  fireEvent.click(screen.getByRole("button", { name: "More for Bob" }));
  fireEvent.click(await screen.findByRole("menuitem", { name: "Disable the account…" }));
  const dialog = await screen.findByRole("dialog", { name: "Disable Bob?" });
  fireEvent.click(within(dialog).getByRole("button", { name: "Disable account" }));
  await waitFor(() => expect(asked.find(({ method }) => method === "PATCH")?.body).toEqual({ disabled: true }));
});
