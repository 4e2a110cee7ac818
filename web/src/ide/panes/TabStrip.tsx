/** The tabs of one pane: chosen, dragged into order, closed; with the pane's own buttons at the end. */
import { ActionIcon, Menu, Tooltip } from "@mantine/core";
import IconChevronDown from "@tabler/icons-react/dist/esm/icons/IconChevronDown.mjs";
import IconLayoutColumns from "@tabler/icons-react/dist/esm/icons/IconLayoutColumns.mjs";
import { useEffect, useRef, useState, type DragEvent, type KeyboardEvent } from "react";
import { TerminalIcon } from "../../files/icons";
import { useIde } from "../context";
import { useNarrow } from "../useNarrow";
import { useChannel } from "../useStore";
import type { Group } from "./arrangement";
import { carriesTab, droppedTab } from "./dragging";
import { PaneTab } from "./PaneTab";
import { TabName } from "./TabName";
import classes from "./Panes.module.css";
import { groupWith } from "./arrangement";
import { tabOf } from "../tabs";

export function tabElementId(tab: string): string {
  return `tab-${encodeURIComponent(tab)}`;
}

export function panelId(group: string): string {
  return `pane-${group}`;
}

export function TabStrip({ group }: { group: Group }) {
  const { session } = useIde();
  const { dock } = session;
  const strip = useRef<HTMLDivElement>(null);
  const [drop, setDrop] = useState<number | null>(null);
  const crowded = useCrowded(strip, group.tabs.length);

  useEffect(() => {
    strip.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [group.shown, crowded]);

  /** The place among the tabs that the pointer is at. */
  const placeAt = (event: DragEvent): number => {
    const boxes = [...(strip.current?.children ?? [])].map((child) => child.getBoundingClientRect());
    const at = boxes.findIndex((box) => event.clientX < box.left + box.width / 2);
    return at < 0 ? group.tabs.length : at;
  };
  const onDrop = (event: DragEvent) => {
    const id = droppedTab(event.dataTransfer);
    const tab = id ? tabOf(id) : null;
    setDrop(null);
    if (!id || !tab) return;
    event.preventDefault();
    if (!groupWith(dock.snapshot().arrangement, id)) dock.open(tab, undefined, group.id);
    dock.move(id, group.id, placeAt(event));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const at = group.tabs.indexOf(group.shown);
    const steps: Record<string, number> = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: group.tabs.length - 1 };
    const to = steps[event.key];
    const tab = to === undefined ? undefined : group.tabs[(to + group.tabs.length) % group.tabs.length];
    if (tab) {
      event.preventDefault();
      dock.activate(tab);
      requestAnimationFrame(() => document.getElementById(tabElementId(tab))?.focus());
    } else if (event.key === "Delete") {
      event.preventDefault();
      dock.close(group.shown);
    }
  };

  return (
    <div className={classes.strip}>
      <div
        ref={strip}
        className={classes.tabs}
        role="tablist"
        aria-label="Open tabs"
        onKeyDown={onKeyDown}
        onWheel={(event) => {
          if (event.deltaX === 0) event.currentTarget.scrollLeft += event.deltaY;
        }}
        onDragOver={(event) => {
          if (!carriesTab(event.dataTransfer)) return;
          event.preventDefault();
          setDrop(placeAt(event));
        }}
        onDragLeave={(event) => event.currentTarget.contains(event.relatedTarget as Node | null) || setDrop(null)}
        onDrop={onDrop}
      >
        {group.tabs.map((tab, index) => (
          <PaneTab key={tab} id={tab} group={group} mark={drop === index ? "before" : drop === group.tabs.length && index === drop - 1 ? "after" : null} />
        ))}
      </div>
      <Actions group={group} crowded={crowded} />
    </div>
  );
}

function Actions({ group, crowded }: { group: Group; crowded: boolean }) {
  const ide = useIde();
  const { dock } = ide.session;
  const narrow = useNarrow();
  useChannel(ide.channel);
  const mayOpen = ide.channel.may("terminal.open");
  const alone = group.tabs.length < 2;
  return (
    <div className={classes.actions}>
      {crowded && (
        <Menu position="bottom-end" width={280}>
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" size="sm" aria-label={`All ${group.tabs.length} tabs`}>
              <IconChevronDown size={16} stroke={1.6} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown mah="60vh" style={{ overflow: "auto" }}>
            {group.tabs.map((tab) => (
              <Menu.Item key={tab} fw={tab === group.shown ? 620 : undefined} onClick={() => dock.activate(tab)}>
                <TabName id={tab} />
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
      <Tooltip label={mayOpen ? "New terminal (Ctrl+`)" : "You may only watch here"}>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="sm"
          aria-label="New terminal"
          aria-disabled={!mayOpen || undefined}
          onClick={() => mayOpen && ide.openTerminal()}
        >
          <TerminalIcon />
        </ActionIcon>
      </Tooltip>
      {!narrow && (
        <Tooltip label={alone ? "With a second tab in this pane, it can be split" : "Move this tab to a pane on the right"}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="sm"
            aria-label="Split"
            aria-disabled={alone || undefined}
            onClick={() => dock.split(group.shown, "right")}
          >
            <IconLayoutColumns size={16} stroke={1.6} aria-hidden />
          </ActionIcon>
        </Tooltip>
      )}
    </div>
  );
}

/** Whether the tabs do not all fit into the strip. */
function useCrowded(strip: React.RefObject<HTMLDivElement | null>, tabs: number): boolean {
  const [crowded, setCrowded] = useState(false);
  useEffect(() => {
    const element = strip.current;
    if (!element) return undefined;
    const measure = () => setCrowded(element.scrollWidth > element.clientWidth + 1);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [strip, tabs]);
  return crowded;
}
