/** The line between files and panes: drag it, or move it with the arrow keys. */
import { useRef, type KeyboardEvent, type PointerEvent } from "react";
import { clampSide, NARROWEST_SIDE, WIDEST_SIDE } from "./layout";
import classes from "./Sash.module.css";

const STEP = 16;

export function Sash({ width, onWidth }: { width: number; onWidth: (width: number) => void }) {
  const from = useRef<{ x: number; width: number } | null>(null);
  const onPointerDown = (event: PointerEvent<HTMLDivElement>) => {
    event.currentTarget.setPointerCapture(event.pointerId);
    from.current = { x: event.clientX, width };
  };
  const onPointerMove = (event: PointerEvent) => {
    if (from.current) onWidth(clampSide(from.current.width + event.clientX - from.current.x));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    onWidth(clampSide(width + step));
  };
  return (
    <div
      className={classes.sash}
      role="separator"
      aria-orientation="vertical"
      aria-label="Width of the files"
      aria-valuenow={width}
      aria-valuemin={NARROWEST_SIDE}
      aria-valuemax={WIDEST_SIDE}
      tabIndex={0}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={() => (from.current = null)}
      onPointerCancel={() => (from.current = null)}
      onKeyDown={onKeyDown}
    />
  );
}
