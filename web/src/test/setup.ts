/** What jsdom lacks and Mantine asks for, and cleaning up after each test. */
import { cleanup, configure } from "@testing-library/react";
import { afterEach, vi } from "vitest";

afterEach(cleanup);
// Waiting ends with what is waited for; a busy machine only takes longer.
const WITHIN = 20_000;
configure({ asyncUtilTimeout: WITHIN });
const { waitFor } = vi;
vi.waitFor = (condition, options = WITHIN) => waitFor(condition, options);

if (typeof window !== "undefined") {
  window.matchMedia ??= (query: string) =>
    ({
      matches: false,
      media: query,
      onchange: null,
      addEventListener: () => undefined,
      removeEventListener: () => undefined,
      addListener: () => undefined,
      removeListener: () => undefined,
      dispatchEvent: () => false,
    }) satisfies MediaQueryList;

  globalThis.ResizeObserver ??= class {
    observe(): void {}
    unobserve(): void {}
    disconnect(): void {}
  };

  Element.prototype.scrollIntoView ??= () => undefined;
  // axe asks for a canvas when it looks for icon fonts, and does without.
  HTMLCanvasElement.prototype.getContext = () => null;
}
