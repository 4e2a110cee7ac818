import { expect, test, vi } from "vitest";
import type { Channel } from "../wire/channel";
import type { PortsChanged } from "../wire/generated";
import { openAddress, Ports } from "./ports";

function fake() {
  let tell: (message: PortsChanged) => void = () => {};
  let state: (state: "open" | "waiting") => void = () => {};
  const channel = {
    on: (_: string, handler: typeof tell) => ((tell = handler), () => {}),
    onState: (handler: typeof state) => ((state = handler), () => {}),
  } as unknown as Channel;
  const ports = new Ports(channel);
  const list = (...numbers: number[]) =>
    tell({ type: "PortsChanged", ports: numbers.map((port) => ({ port, process: "python3" })) });
  return { ports, list, state: (next: "open" | "waiting") => state(next) };
}

test("the list is a snapshot, and only what begins to listen is new", () => {
  const { ports, list, state } = fake();
  const fresh = vi.fn();
  const changed = vi.fn();
  ports.onNew((port) => fresh(port.port));
  ports.subscribe(changed);
  list(3000);
  expect(fresh).not.toHaveBeenCalled();
  list(3000, 8000);
  expect(fresh.mock.calls).toEqual([[8000]]);
  expect(ports.snapshot().map(({ port }) => port)).toEqual([3000, 8000]);
  expect(changed).toHaveBeenCalledTimes(2);
  state("waiting");
  list(9000);
  expect(fresh).toHaveBeenCalledTimes(1);
});

test("the address keeps where to go", () => {
  expect(openAddress("abc", 80, "/a?b=c&d")).toBe("/api/v1/workspaces/abc/ports/80/open?to=%2Fa%3Fb%3Dc%26d");
  expect(openAddress("abc", 80)).toBe("/api/v1/workspaces/abc/ports/80/open");
});
