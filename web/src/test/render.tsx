/** Draws a page as the application would, at an address, with the state given. */
import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { render, type RenderResult } from "@testing-library/react";
import axe from "axe-core";
import type { ReactNode } from "react";
import { expect } from "vitest";
import { queryClient } from "../api/cache";
import { theme, variables } from "../theme/theme";

export function draw(page: ReactNode, address = "/"): RenderResult {
  window.history.replaceState(null, "", address);
  return render(page, { wrapper: Around });
}

function Around({ children }: { children: ReactNode }) {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={variables} env="test">
      <QueryClientProvider client={queryClient}>{children}</QueryClientProvider>
    </MantineProvider>
  );
}

/** Nothing in the page is out of reach for assistive technology. Contrast needs a real browser (tests/e2e). */
export async function expectAccessible(): Promise<void> {
  const { violations } = await axe.run(document.body, {
    rules: { "color-contrast": { enabled: false }, region: { enabled: false } },
  });
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(" | ")}`)).toEqual([]);
}
