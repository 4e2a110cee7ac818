/** A moment as people say it, with the exact time where one looks closer. */
const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** `moment` seen from `now`, both in milliseconds since 1970: "3 days ago", "in 2 hours", "just now". */
export function inWords(moment: number, now: number): string {
  const seconds = (moment - now) / 1000;
  for (const [unit, length] of STEPS) {
    if (Math.abs(seconds) >= length) return relative.format(Math.trunc(seconds / length), unit);
  }
  return seconds > 0 ? "in a moment" : "just now";
}

interface Props {
  at: string;
}

export function When({ at }: Props) {
  const moment = Date.parse(at);
  return (
    <time dateTime={at} title={exact.format(moment)}>
      {inWords(moment, Date.now())}
    </time>
  );
}
