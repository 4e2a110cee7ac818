/** The input in the tree in which something new is named, or something there renamed. */
import { useEffect, useRef, useState, type CSSProperties } from "react";
import { FileIcon, FolderIcon } from "./icons";
import { nameProblem, type Naming } from "./tree";
import classes from "./FileTree.module.css";

interface Props {
  naming: Naming;
  level: number;
  style: CSSProperties;
  /** Names that are in the folder already. */
  taken: readonly string[];
  onName: (name: string) => void;
  onCancel: () => void;
}

export function NameInput({ naming, level, style, taken, onName, onCancel }: Props) {
  const old = naming.kind === "rename" ? naming.path.slice(naming.path.lastIndexOf("/") + 1) : "";
  const [name, setName] = useState(old);
  const input = useRef<HTMLInputElement>(null);
  const done = useRef(false);
  const problem = name === old ? "" : nameProblem(name, taken);
  const label = { file: "Name of the new file", folder: "Name of the new folder", rename: `New name for ${old}` }[naming.kind];

  useEffect(() => {
    const element = input.current;
    if (!element) return;
    element.focus();
    // The stem is what people change; the ending they mostly keep.
    const dot = old.lastIndexOf(".");
    element.setSelectionRange(0, dot > 0 ? dot : old.length);
  }, [old]);

  const finish = (keep: boolean) => {
    if (done.current) return;
    const given = name.trim();
    if (keep && problem && given) return;
    done.current = true;
    if (keep && given && given !== old) onName(given);
    else onCancel();
  };

  return (
    <div className={classes.naming} role="presentation" style={{ ...style, "--level": level } as CSSProperties}>
      <span className={classes.chevron} />
      {naming.kind === "folder" ? <FolderIcon open={false} /> : <FileIcon name={name} />}
      <input
        ref={input}
        className={classes.input}
        value={name}
        spellCheck={false}
        autoCapitalize="off"
        autoCorrect="off"
        aria-label={label}
        aria-invalid={problem !== "" && name !== ""}
        aria-describedby={problem && name ? "name-problem" : undefined}
        onChange={(event) => setName(event.currentTarget.value)}
        onBlur={() => (problem ? onCancel() : finish(true))}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === "Enter") finish(true);
          else if (event.key === "Escape") finish(false);
        }}
      />
      {problem && name && (
        <span id="name-problem" role="alert" className={classes.problem}>
          {problem}
        </span>
      )}
    </div>
  );
}
