/** Reading the page's stores from components. */
import { useSyncExternalStore } from "react";
import type { Channel } from "../wire/channel";
import type { ChannelFacts } from "../status/connection";

interface Store<T> {
  subscribe: (listener: () => void) => () => void;
  snapshot: () => T;
}

/** The store's snapshot, drawn again when it is another one. */
export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.subscribe, store.snapshot);
}

const facts = new WeakMap<Channel, ChannelFacts>();

/** The channel's state; its round trip is as of the last pong. */
export function useChannel(channel: Channel): ChannelFacts {
  return useSyncExternalStore(
    (listener) => {
      const stops = [channel.onState(listener), channel.on("Pong", listener), channel.on("Welcome", listener)];
      return () => stops.forEach((stop) => stop());
    },
    () => {
      const { state, code, reason, latency } = channel;
      const known = facts.get(channel);
      if (known && known.state === state && known.code === code && known.reason === reason && known.latency === latency) return known;
      const now = { state, code, reason, latency };
      facts.set(channel, now);
      return now;
    },
  );
}
