/** A moment as people say it, with the exact time where one looks closer. */
/** Units with their length in seconds, and from how many seconds on they are used. */
const STEPS: readonly [Intl.RelativeTimeFormatUnit, number, number][] = [
  ["year", 31_536_000, 31_000_000],
  ["month", 2_592_000, 3_888_000],
  ["day", 86_400, 79_200],
  ["hour", 3_600, 3_480],
  ["minute", 60, 50],
];

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** `moment` seen from `now`, both in milliseconds since 1970: "3 days ago", "in 2 hours", "just now". */
export function inWords(moment: number, now: number): string {
  const seconds = (moment - now) / 1000;
  for (const [unit, length, from] of STEPS) {
    if (Math.abs(seconds) >= from) return relative.format(Math.round(seconds / length), unit);
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
