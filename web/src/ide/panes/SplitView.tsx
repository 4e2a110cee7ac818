/** Panes beside or below one another, with dividers that are dragged or moved with the arrow keys. */
import { Fragment, useRef, type KeyboardEvent, type PointerEvent, type ReactNode } from "react";
import { useIde } from "../context";
import type { Node, Split } from "./arrangement";
import classes from "./Panes.module.css";

/** Smallest size of a pane in CSS pixels. */
const SMALLEST = 100;
const STEP = 24;

interface Props {
  split: Split;
  path: readonly number[];
  draw: (node: Node, path: readonly number[]) => ReactNode;
}

export function SplitView({ split, path, draw }: Props) {
  const { session } = useIde();
  const box = useRef<HTMLDivElement>(null);
  const row = split.direction === "row";

  /** Move the divider before child `at` by some pixels, from the sizes it had. */
  const shift = (at: number, pixels: number, from: readonly number[]) => {
    const element = box.current;
    if (!element) return;
    const whole = row ? element.clientWidth : element.clientHeight;
    const [before = 0, after = 0] = [from[at - 1], from[at]];
    const least = Math.min(SMALLEST / whole, before, after);
    const moved = Math.max(least - before, Math.min(after - least, pixels / whole));
    session.dock.resize(path, from.map((size, index) => (index === at - 1 ? size + moved : index === at ? size - moved : size)));
  };

  return (
    <div ref={box} className={classes.split} data-direction={split.direction}>
      {split.children.map((child, index) => (
        <Fragment key={child.kind === "group" ? child.id : index}>
          {index > 0 && (
            <Divider
              row={row}
              share={Math.round(100 * (split.sizes[index - 1] ?? 0))}
              onShift={(pixels, from) => shift(index, pixels, from)}
              onEven={() => session.dock.resize(path, split.sizes.map(() => 1))}
              sizes={split.sizes}
            />
          )}
          <div className={classes.cell} style={{ flexGrow: split.sizes[index] ?? 1 }}>
            {draw(child, [...path, index])}
          </div>
        </Fragment>
      ))}
    </div>
  );
}

interface DividerProps {
  row: boolean;
  /** Of the pane before it, in percent. */
  share: number;
  sizes: readonly number[];
  onShift: (pixels: number, from: readonly number[]) => void;
  onEven: () => void;
}

function Divider({ row, share, sizes, onShift, onEven }: DividerProps) {
  const from = useRef<{ at: number; sizes: readonly number[] } | null>(null);
  const position = (event: PointerEvent) => (row ? event.clientX : event.clientY);
  const onKeyDown = (event: KeyboardEvent) => {
    const steps: Record<string, number> = row ? { ArrowLeft: -STEP, ArrowRight: STEP } : { ArrowUp: -STEP, ArrowDown: STEP };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    onShift(step, sizes);
  };
  return (
    <div
      className={classes.divider}
      role="separator"
      aria-orientation={row ? "vertical" : "horizontal"}
      aria-label={row ? "Width of the pane on the left" : "Height of the pane above"}
      aria-valuenow={share}
      tabIndex={0}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        from.current = { at: position(event), sizes };
      }}
      onPointerMove={(event) => from.current && onShift(position(event) - from.current.at, from.current.sizes)}
      onPointerUp={() => (from.current = null)}
      onPointerCancel={() => (from.current = null)}
      onDoubleClick={onEven}
      onKeyDown={onKeyDown}
    />
  );
}
