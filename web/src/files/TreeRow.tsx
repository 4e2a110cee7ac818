/** One name in the file tree. */
import type { CSSProperties, DragEvent, MouseEvent } from "react";
import { Chevron, FileIcon, FolderIcon } from "./icons";
import type { Row } from "./tree";
import classes from "./FileTree.module.css";

interface Props {
  id: string;
  row: Row;
  style: CSSProperties;
  focused: boolean;
  /** Something is dragged over its folder. */
  under: boolean;
  draggable: boolean;
  onChoose: () => void;
  onMenu: (event: MouseEvent) => void;
  onDragStart: (event: DragEvent) => void;
  onDragOver: (event: DragEvent) => void;
  onDrop: (event: DragEvent) => void;
  onDragEnd: () => void;
}

export function TreeRow({ id, row, style, focused, under, draggable, onChoose, onMenu, ...drag }: Props) {
  const folder = row.kind === "folder";
  return (
    <div
      id={id}
      role="treeitem"
      aria-level={row.level}
      aria-posinset={row.place}
      aria-setsize={row.siblings}
      aria-selected={focused}
      aria-expanded={folder ? row.expanded : undefined}
      aria-label={row.name + (row.ignored ? ", ignored by git" : "")}
      aria-busy={row.loading || undefined}
      className={classes.row}
      style={{ ...style, "--level": row.level } as CSSProperties}
      data-focused={focused || undefined}
      data-ignored={row.ignored || undefined}
      data-over={under || undefined}
      title={row.problem || (row.kind === "link" ? "A link that leads nowhere, or out of the workspace's files" : undefined)}
      draggable={draggable}
      onClick={onChoose}
      onContextMenu={onMenu}
      {...drag}
    >
      <span className={classes.chevron}>{folder && <Chevron open={row.expanded} size={12} />}</span>
      {folder ? <FolderIcon open={row.expanded} /> : <FileIcon name={row.name} />}
      <span className={classes.name}>{row.name}</span>
      {row.kind === "link" && <span className={classes.note}>broken link</span>}
      {row.problem && <span className={classes.note}>not readable</span>}
    </div>
  );
}
