/** How a program's end is said in words. */
import { MACHINE_STOPPED } from "./terminals";

const SIGNALS: Record<number, string> = {
  1: "hung up",
  2: "interrupted",
  6: "aborted",
  9: "killed",
  11: "crashed",
  15: "terminated",
};

export function endSentence(exitCode: number): string {
  if (exitCode === MACHINE_STOPPED) return "Ended · the workspace was stopped";
  const signal = SIGNALS[exitCode - 128];
  return `Ended · exit code ${exitCode}${signal ? ` (${signal})` : ""}`;
}
