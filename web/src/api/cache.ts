/** The query cache: server state as this page last heard of it. It is kept fresh by events (see live.ts), not by asking again. */
import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "./errors";

/** Only what a moment may cure is tried again. */
function again(failures: number, error: Error): boolean {
  return error instanceof ApiError && error.code === "unavailable" && failures < 4;
}

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: Infinity,
      retry: again,
      retryDelay: (failures) => Math.min(250 * 2 ** failures, 4_000),
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      // A page on a machine that is its own server works without any network.
      networkMode: "always",
    },
    mutations: { retry: false, networkMode: "always" },
  },
});
