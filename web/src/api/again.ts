import type { QueryClient, QueryKey } from "@tanstack/react-query";

/** Fetch anew what was changed. A first fetch that is under way is given up: it may have been answered before that. */
export async function fetchAgain(cache: QueryClient, queryKey: QueryKey): Promise<void> {
  await cache.cancelQueries({ queryKey });
  await cache.invalidateQueries({ queryKey });
}
