import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { channel, opened } from "../test/documents";
import type { ClientMessage } from "../wire/generated";
import { proof } from "./proof";

describe("the proof that everyone has the same text", () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => vi.useRealTimers());

  async function checked(): Promise<Extract<ClientMessage, { type: "DocumentCheck" }> | undefined> {
    await vi.advanceTimersByTimeAsync(4_000);
    return channel.sent.filter((message) => message.type === "DocumentCheck").at(-1);
  }

  it("is exchanged when typing has stopped", async () => {
    const document = await opened();
    document.text.insert(5, " wörld 😀");
    expect(await checked()).toMatchObject(proof("hello wörld 😀"));
    channel.say({ type: "DocumentChecked", document: 7, comparable: true, same: true });
    expect(document.snapshot().proven).toBe(true);
    document.text.insert(0, "x");
    expect(document.snapshot().proven).toBe(false);
  });

  it("heals a page that differs twice in a row, and says so", async () => {
    const document = await opened();
    const notices: string[] = [];
    document.onNotice(({ sentence }) => notices.push(sentence));
    for (let time = 0; time < 2; time++) {
      expect(await checked()).toBeDefined();
      channel.say({ type: "DocumentChecked", document: 7, comparable: true, same: false });
    }
    await vi.waitFor(() => expect(document.snapshot().generation).toBe(1));
    expect(notices.at(-1)).toContain("shows the shared text again");
  });

  it("gets what it missed although nothing says so, and tells the person", async () => {
    const document = await opened();
    const notices: string[] = [];
    document.onNotice(({ sentence }) => notices.push(sentence));
    channel.server.getText("text").insert(0, "missed ");
    for (let time = 0; time < 2; time++) {
      expect(document.text.toString()).toBe("hello");
      await vi.advanceTimersByTimeAsync(4_000);
      channel.say({ type: "DocumentChecked", document: 7, comparable: false, same: false });
    }
    await vi.waitFor(() => expect(document.text.toString()).toBe("missed hello"));
    expect(notices.join()).toContain("had missed something");
  });
});

it("computes the checksum that zlib computes", () => {
  expect(proof("123456789")).toEqual({ size: 9, checksum: 0xcbf43926 });
  expect(proof("é😀")).toEqual({ size: 6, checksum: 0x7f805a06 });
});
