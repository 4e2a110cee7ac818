/** The mark: a ring that one more person completes. */
interface Props {
  size?: number;
}

export function Logo({ size = 24 }: Props) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" fill="none" aria-hidden focusable="false">
      <path d="M23.07 8.93a10 10 0 1 0 0 14.14" stroke="var(--coterie-brand)" strokeWidth="5.5" strokeLinecap="round" />
      <circle cx="26" cy="16" r="3.6" fill="var(--mantine-color-ember-5)" />
    </svg>
  );
}
