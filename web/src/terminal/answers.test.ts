import { Terminal } from "@xterm/headless";
import { expect, test } from "vitest";
import { isAnswer } from "./answers";

test("everything the emulator answers by itself is known as an answer", async () => {
  const terminal = new Terminal({ allowProposedApi: true });
  const sent: string[] = [];
  terminal.onData((data) => sent.push(data));
  const questions = ["\x1b[c", "\x1b[>c", "\x1b[5n", "\x1b[6n", "\x1b[?6n", "\x1b[?2004$p", "\x1b[4$p", "\x1bP$qm\x1b\\", "\x1bP$q\"p\x1b\\"];
  await new Promise<void>((done) => terminal.write(questions.join(""), done));
  expect(sent.length).toBeGreaterThanOrEqual(6);
  for (const data of sent) expect([data, isAnswer(data)]).toEqual([data, true]);
});

test.each(["\x1b[I", "\x1b[O", "\x1b[<35;10;5M", "\x1b[<0;1;1m", "\x1b[M !!", "\x1b]11;rgb:ffff/ffff/ffff\x07"])("report %j", (data) => {
  expect(isAnswer(data)).toBe(true);
});

test.each(["a", "\r", "\x03", "\x1b", "\x1b[A", "\x1bOA", "\x1bOP", "\x1b[15~", "\x1b[1;5C", "\x1b[200~pasted\x1b[201~", "\x1bb"])(
  "%j is typed",
  (data) => {
    expect(isAnswer(data)).toBe(false);
  },
);
