import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { expect, it, vi } from "vitest";
import { fetchAgain } from "./again";

it("does not take the answer of a first fetch that was asked for before the change", async () => {
  const cache = new QueryClient();
  const answers: ((list: string[]) => void)[] = [];
  const queryFn = () => new Promise<string[]>((resolve) => answers.push(resolve));
  const stop = new QueryObserver(cache, { queryKey: ["list"], queryFn }).subscribe(() => undefined);
  const again = fetchAgain(cache, ["list"]);
  await vi.waitFor(() => expect(answers).toHaveLength(2));
  answers[0]?.([]);
  answers[1]?.(["made"]);
  await again;
  expect(cache.getQueryData(["list"])).toEqual(["made"]);
  stop();
});
