/** Choosing an archive, by a click or by dropping it. */
import { Input } from "@mantine/core";
import { useId, useRef, useState, type DragEvent } from "react";
import classes from "./ArchiveField.module.css";

interface Props {
  file: File | null;
  onChange: (file: File | null) => void;
  error?: string;
  disabled: boolean;
}

const ENDINGS = ".zip,.tar,.tar.gz,.tgz,.tar.bz2,.tbz2,.tar.xz,.txz,.gz,.bz2,.xz";

/** 1,536 bytes as "1.5 kB": the units of file managers, powers of a thousand. */
export function sizeInWords(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  const step = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** step;
  return `${step > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} ${units[step]}`;
}

export function ArchiveField({ file, onChange, error, disabled }: Props) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);

  function drop(event: DragEvent): void {
    event.preventDefault();
    setOver(false);
    const dropped = event.dataTransfer.files[0];
    if (dropped && !disabled) onChange(dropped);
  }

  return (
    <Input.Wrapper
      label="Archive"
      description="A zip or a tar, compressed or not. If everything in it lies in one folder, that folder becomes the workspace."
      error={error}
      id={id}
    >
      <div
        className={classes.field}
        data-over={over || undefined}
        data-wrong={error ? true : undefined}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <input
          ref={input}
          id={id}
          className={classes.input}
          type="file"
          accept={ENDINGS}
          disabled={disabled}
          aria-invalid={error ? true : undefined}
          onChange={(event) => onChange(event.currentTarget.files?.[0] ?? null)}
        />
        {file ? (
          <span>
            <strong>{file.name}</strong> <span className={classes.quiet}>{sizeInWords(file.size)}</span>
          </span>
        ) : (
          <span className={classes.quiet}>
            Drop a file here, or <span className={classes.choose}>choose one</span>
          </span>
        )}
      </div>
    </Input.Wrapper>
  );
}
