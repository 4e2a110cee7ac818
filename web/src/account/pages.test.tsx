import { fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { queryClient } from "../api/cache";
import { keys } from "../api/keys";
import { ADA, fakeHub, Refusal } from "../test/hub";
import { draw, expectAccessible } from "../test/render";
import AccountPage from "./AccountPage";
import JoinPage from "./JoinPage";
import SetupPage from "./SetupPage";
import SignInPage from "./SignInPage";

const NOBODY = new Refusal(401, { code: "signed-out", sentence: "You are signed out. Sign in to go on." });

function fill(label: string, value: string): void {
  fireEvent.change(screen.getByLabelText(label), { target: { value } });
}

beforeEach(() => {
  queryClient.clear();
});

afterEach(() => {
  vi.unstubAllGlobals();
});

test("signing in leads to the page that was wanted, and a refusal is told", async () => {
  const answers: Record<string, unknown> = {
    "GET /api/v1/me": NOBODY,
    "GET /api/v1/setup": { needed: false, registration: false },
    "POST /api/v1/sign-in": new Refusal(401, { code: "wrong-password", sentence: "Username and password do not match." }),
  };
  const asked = fakeHub(answers);
  draw(<SignInPage />, "/sign-in?next=%2Fw%2Fabc");
  fill("Username", "ada");
  fill("Password", "engine engine");
  await expectAccessible();
  fireEvent.click(screen.getByRole("button", { name: "Sign in" }));
  expect((await screen.findByRole("alert")).textContent).toContain("do not match");
  answers["POST /api/v1/sign-in"] = ADA;
  fireEvent.click(screen.getByRole("button", { name: "Sign in" }));
  await waitFor(() => expect(window.location.pathname).toBe("/w/abc"));
  expect(asked.at(-1)?.body).toEqual({ username: "ada", password: "engine engine" });
});

test("the set-up token leaves the address, and the form says what is wrong before it asks the server", async () => {
  const asked = fakeHub({ "GET /api/v1/setup": { needed: true, registration: false }, "POST /api/v1/setup": ADA });
  draw(<SetupPage />, "/setup#one-time");
  fireEvent.click(await screen.findByRole("button", { name: "Create administrator" }));
  expect(window.location.hash).toBe("");
  expect(screen.getByText("Choose a username.")).toBeTruthy();
  await waitFor(() => expect(document.activeElement).toBe(screen.getByLabelText("Username")));
  await expectAccessible();
  fill("Username", "Ada");
  fill("Name", " Ada Lovelace ");
  fill("Password", "engine engine");
  fill("Password again", "engine engine");
  fireEvent.click(screen.getByRole("button", { name: "Create administrator" }));
  await waitFor(() => expect(window.location.pathname).toBe("/"));
  expect(asked.find(({ method }) => method === "POST")?.body).toEqual({
    username: "ada",
    display_name: "Ada Lovelace",
    password: "engine engine",
    token: "one-time",
  });
});

test("a set-up page without its token says how to get it", async () => {
  fakeHub({ "GET /api/v1/setup": { needed: true, registration: false } });
  draw(<SetupPage />, "/setup");
  expect(await screen.findByRole("heading", { name: "The link is not complete" })).toBeTruthy();
});

test("an invitation says who it is from, and an old one that it does not work", async () => {
  const answers: Record<string, unknown> = {
    "GET /api/v1/me": NOBODY,
    "GET /api/v1/setup": { needed: false, registration: false },
    "POST /api/v1/invitations/look-up": { invited_by: "Ada Lovelace", expires: "2026-12-01T00:00:00Z" },
  };
  fakeHub(answers);
  const { unmount } = draw(<JoinPage />, "/join#invited");
  expect(await screen.findByText(/Ada Lovelace invited you/)).toBeTruthy();
  await expectAccessible();
  unmount();
  queryClient.clear();
  answers["POST /api/v1/invitations/look-up"] = new Refusal(410, { code: "expired", sentence: "This invitation has ended." });
  draw(<JoinPage />, "/join#old");
  expect(await screen.findByText("This invitation has ended.")).toBeTruthy();
});

test("a new token is shown once, and a wrong password stands at its field", async () => {
  queryClient.setQueryData(keys.me, ADA);
  const token = { id: "t", name: "Laptop", prefix: "cot_ab", created: "2026-11-20T00:00:00Z", last_used: null, expires: null };
  fakeHub({
    "GET /api/v1/me/tokens": [token],
    "POST /api/v1/me/tokens": { ...token, token: "cot_abcdef" },
    "POST /api/v1/me/password": new Refusal(401, { code: "wrong-password", sentence: "This is not your password." }),
  });
  draw(<AccountPage />);
  await screen.findByRole("button", { name: "Revoke Laptop" });
  await expectAccessible();
  fill("What it is for", "Laptop");
  fireEvent.click(screen.getByRole("button", { name: "Create token" }));
  expect((await screen.findByLabelText<HTMLInputElement>("Token Laptop")).value).toBe("cot_abcdef");

  fill("Current password", "guess guess");
  fill("New password", "engine engine");
  fill("New password again", "engine engine");
  fireEvent.click(screen.getByRole("button", { name: "Change password" }));
  await screen.findByText("This is not your password.");
  expect(screen.getByLabelText("Current password").getAttribute("aria-invalid")).toBe("true");
  expect(screen.queryByRole("alert")).toBeNull();
});
