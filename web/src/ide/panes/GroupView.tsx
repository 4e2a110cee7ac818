/** One pane: its strip of tabs, what the shown one shows, and the places where something dragged can be dropped. */
import { useLayoutEffect, useRef, useState, type DragEvent } from "react";
import { useIde } from "../context";
import { tabOf } from "../tabs";
import { groupWith, type Group, type Side } from "./arrangement";
import { carriesTab, droppedTab, sideAt } from "./dragging";
import type { Hosts } from "./hosts";
import { panelId, tabElementId, TabStrip } from "./TabStrip";
import classes from "./Panes.module.css";

interface Props {
  group: Group;
  hosts: Hosts;
  /** Whether it has the person's attention. */
  active: boolean;
  dragging: boolean;
}

export function GroupView({ group, hosts, active, dragging }: Props) {
  const content = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (content.current) hosts.fill(content.current, group.tabs, group.shown);
  }, [hosts, group]);
  return (
    <section className={classes.group} data-active={active || undefined} aria-label={`Pane with ${group.tabs.length === 1 ? "one tab" : `${group.tabs.length} tabs`}`}>
      <TabStrip group={group} />
      <div className={classes.body}>
        <div ref={content} className={classes.content} role="tabpanel" id={panelId(group.id)} aria-labelledby={tabElementId(group.shown)} />
        {dragging && <DropZone group={group} />}
      </div>
    </section>
  );
}

/** Lies over the content while something is dragged, which editors and terminals would take for themselves. */
function DropZone({ group }: { group: Group }) {
  const { session } = useIde();
  const [side, setSide] = useState<Side | "middle" | null>(null);
  const where = (event: DragEvent): Side | "middle" => {
    const box = event.currentTarget.getBoundingClientRect();
    return sideAt((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height) ?? "middle";
  };
  const onDrop = (event: DragEvent) => {
    const id = droppedTab(event.dataTransfer);
    const tab = id ? tabOf(id) : null;
    if (!id || !tab) return;
    event.preventDefault();
    const at = where(event);
    const open = groupWith(session.dock.snapshot().arrangement, id) !== undefined;
    if (at !== "middle") session.dock.split(id, at, group.id);
    else if (open) session.dock.move(id, group.id, group.tabs.length);
    else session.dock.open(tab, undefined, group.id);
  };
  return (
    <div
      className={classes.zone}
      onDragOver={(event) => {
        if (!carriesTab(event.dataTransfer)) return;
        event.preventDefault();
        setSide(where(event));
      }}
      onDragLeave={() => setSide(null)}
      onDrop={onDrop}
    >
      {side && <div className={classes.target} data-side={side} />}
    </div>
  );
}
