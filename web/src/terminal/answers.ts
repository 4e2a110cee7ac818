/**
 * Which of what an emulator sends was made by the emulator itself.
 *
 * Everyone who watches a terminal has an emulator, and each answers a program's questions ("what are you?", "where is the
 * cursor?"). The program asked once: only the driver's emulator may answer, and nobody's may answer again for output that is
 * replayed. Otherwise the answers appear in the shell as if somebody had typed them. The same goes for focus and mouse
 * reports: looking at a terminal must not take it over.
 */

const ESC = "\x1b";
const PATTERNS = [
  `${ESC}\\[[?>=]?[\\d;]*c`, // device attributes
  `${ESC}\\[\\??[\\d;]*[nR]`, // status, cursor position
  `${ESC}\\[\\??[\\d;]*\\$y`, // mode
  `${ESC}\\[[\\d;]*t`, // window
  `${ESC}\\[[\\d;]*x`, // parameters
  `${ESC}\\[[IO]`, // focus
  `${ESC}\\[<[\\d;]+[Mm]`, // mouse, SGR
  `${ESC}\\[M[^]{3}`, // mouse, X10
  `${ESC}[P\\]][^\\x07\\x1b]*(?:\\x07|${ESC}\\\\)`, // strings: settings, colours
];
const WHOLE = new RegExp(`^(?:${PATTERNS.join("|")})+$`);

/** Whether `data` is an answer or a report, not something a person typed. */
export function isAnswer(data: string): boolean {
  return data.startsWith(ESC) && WHOLE.test(data);
}
