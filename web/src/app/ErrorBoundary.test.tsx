import { screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { draw } from "../test/render";
import { ErrorBoundary } from "./ErrorBoundary";

function Broken({ message }: { message: string }): never {
  throw new Error(message);
}

afterEach(() => {
  vi.restoreAllMocks();
});

test("a page that fails says so, with what to tell the administrator", () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  draw(
    <ErrorBoundary>
      <Broken message="x is undefined" />
    </ErrorBoundary>,
  );
  expect(screen.getByRole("heading", { name: "This page failed" })).toBeTruthy();
  expect(screen.getByText("x is undefined")).toBeTruthy();
  expect(screen.getByRole("button", { name: "Reload the page" })).toBeTruthy();
});

test("a part that an update took away asks for a reload, and another page clears it", () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const { rerender } = draw(
    <ErrorBoundary page="/admin">
      <Broken message="Failed to fetch dynamically imported module: /assets/AdminPage-1.js" />
    </ErrorBoundary>,
  );
  expect(screen.getByRole("heading", { name: "This part of the page could not be fetched" })).toBeTruthy();
  rerender(<ErrorBoundary page="/">fine</ErrorBoundary>);
  expect(screen.getByText("fine")).toBeTruthy();
});
