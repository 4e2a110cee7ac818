/** Builds the pages into the Python package; in development serves them beside a running hub. */
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { compress } from "./compress.ts";
import { mantineStyles } from "./mantineStyles.ts";

/** Where the development server finds a hub. */
const hub = process.env.COTERIE_HUB ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react(), mantineStyles(), compress()],
  build: {
    outDir: "../src/coterie/hub/static",
    emptyOutDir: true,
    target: "es2022",
    // The first versions with `light-dark()`: older targets have it rewritten into something that follows no scheme set by a variable.
    cssTarget: ["chrome123", "edge123", "firefox120", "safari17.5"],
    modulePreload: { polyfill: false },
    // Inlined files would need `data:` in the content security policy.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      output: {
        // What changes only with its version, and what every page needs, is kept apart from our own code so that it stays
        // cached. Everything else is split by who imports it: a language or a dialog is fetched when it is first used.
        codeSplitting: {
          groups: [{ name: "react", test: /node_modules\/(react|react-dom|scheduler|wouter|regexparam|use-sync-external-store|@tanstack)\// }],
        },
      },
    },
  },
  server: {
    proxy: {
      "/api": { target: hub },
      // Only sockets go to the hub; the page at the same address is ours.
      "/w": { target: hub, ws: true, bypass: (request) => (request.headers.upgrade ? undefined : "/index.html") },
    },
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/test/setup.ts"],
    restoreMocks: true,
    testTimeout: 60_000,
    // Two cores are shared with everything else that tests run.
    maxWorkers: 2,
  },
});
