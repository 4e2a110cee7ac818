/** One tab: what it is, whether it is saved, who else looks at it, and closing it. */
import { Menu } from "@mantine/core";
import { useState, type MouseEvent } from "react";
import { copyText } from "../../files/actions";
import { download } from "../../files/addresses";
import { usePresent } from "../../presence/Avatars";
import { colourOf } from "../../presence/colours";
import { useIde } from "../context";
import { useFrame } from "../frameContext";
import { baseName } from "../paths";
import { openedName, tabOf, type Tab } from "../tabs";
import { closeTerminal, renameTerminal, whyNotTerminal } from "../terminalActions";
import { useTabState } from "../tabState";
import type { Group } from "./arrangement";
import { TAB_DRAG } from "./dragging";
import { TabName } from "./TabName";
import { panelId, tabElementId } from "./TabStrip";
import classes from "./Panes.module.css";

const DOTS = 3;

interface Props {
  id: string;
  group: Group;
  /** Where something dragged would be put. */
  mark: "before" | "after" | null;
}

export function PaneTab({ id, group, mark }: Props) {
  const { dock } = useIde().session;
  const tab = tabOf(id);
  const [menu, setMenu] = useState<{ x: number; y: number } | null>(null);
  const { title, detail, dirty } = useTabState(tab);
  if (!tab) return null;
  const shown = group.shown === id;
  const close = (event: MouseEvent) => {
    event.preventDefault();
    event.stopPropagation();
    dock.close(id);
  };
  return (
    <div
      id={tabElementId(id)}
      role="tab"
      aria-selected={shown}
      aria-controls={shown ? panelId(group.id) : undefined}
      aria-label={`${title}${detail && ` ${detail}`}${dirty ? ", not saved yet" : ""}`}
      tabIndex={shown ? 0 : -1}
      className={classes.tab}
      data-dirty={dirty || undefined}
      data-mark={mark ?? undefined}
      title={tab.kind === "editor" ? tab.path : title}
      draggable
      onDragStart={(event) => {
        event.dataTransfer.setData(TAB_DRAG, id);
        event.dataTransfer.effectAllowed = "move";
      }}
      onClick={() => dock.activate(id)}
      aria-haspopup="menu"
      aria-keyshortcuts="Shift+F10 Delete"
      onKeyDown={(event) => {
        if (event.key === "Enter" || event.key === " ") dock.activate(id);
        else if (event.key === "ContextMenu" || (event.shiftKey && event.key === "F10")) {
          event.preventDefault();
          // The menu must not see this key as one pressed outside of it.
          event.stopPropagation();
          const box = event.currentTarget.getBoundingClientRect();
          setMenu({ x: box.left + 8, y: box.bottom });
        }
      }}
      onAuxClick={(event) => event.button === 1 && close(event)}
      onMouseDown={(event) => event.button === 1 && event.preventDefault()}
      onContextMenu={(event) => {
        event.preventDefault();
        setMenu({ x: event.clientX, y: event.clientY });
      }}
    >
      <TabName id={id} />
      <Lookers tab={tab} />
      {/* The tab itself takes the focus and closes with Delete: a second stop inside it would be one too many. */}
      <span className={classes.close} aria-hidden data-testid={`close ${title}`} onClick={close}>
        <span className={classes.dot} />
        <svg width="14" height="14" viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round">
          <path d="m4.5 4.5 7 7M11.5 4.5l-7 7" />
        </svg>
      </span>
      {menu && <TabMenu id={id} tab={tab} group={group} place={menu} onClose={() => setMenu(null)} />}
    </div>
  );
}

interface MenuProps {
  id: string;
  tab: Tab;
  group: Group;
  place: { x: number; y: number };
  onClose: () => void;
}

function TabMenu({ id, tab, group, place, onClose }: MenuProps) {
  const ide = useIde();
  const frame = useFrame();
  const { dock, tree } = ide.session;
  const alone = group.tabs.length < 2;
  const info = tab.kind === "terminal" ? ide.terminals.get(tab.terminal) : undefined;
  const whyNotWrite = whyNotTerminal(ide, "terminal.write");
  const whyNotClose = whyNotTerminal(ide, "terminal.close");
  return (
    <Menu opened onClose={onClose} position="bottom-start" offset={2} width={260} withinPortal returnFocus>
      <Menu.Target>
        <span style={{ position: "fixed", left: place.x, top: place.y, width: 1, height: 1 }} />
      </Menu.Target>
      <Menu.Dropdown
        aria-label={`Actions for the tab ${tab.kind === "editor" ? baseName(tab.path) : (info?.name ?? "")}`}
        onClick={(event) => event.stopPropagation()}
        onKeyDown={(event) => event.stopPropagation()}
      >
        <Menu.Item rightSection="Alt+W" onClick={() => dock.close(id)}>
          Close tab
        </Menu.Item>
        <Menu.Item disabled={alone} onClick={() => dock.closeOthers(id)}>
          Close the others here
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item disabled={alone} onClick={() => dock.split(id, "right")}>
          Move to the right
        </Menu.Item>
        <Menu.Item disabled={alone} onClick={() => dock.split(id, "below")}>
          Move below
        </Menu.Item>
        {info && (
          <>
            <Menu.Divider />
            {whyNotWrite && <Menu.Label>{whyNotWrite}</Menu.Label>}
            <Menu.Item disabled={whyNotWrite !== ""} onClick={() => void renameTerminal(ide, info)}>
              Rename…
            </Menu.Item>
            <Menu.Item disabled={whyNotClose !== ""} color="red" onClick={() => void closeTerminal(ide, info)}>
              {info.ended ? "Close the terminal" : "Close the terminal for everyone…"}
            </Menu.Item>
          </>
        )}
        {tab.kind === "editor" && (
          <>
            <Menu.Divider />
            <Menu.Item
              onClick={() => {
                frame.showSide();
                void tree.reveal(tab.path);
              }}
            >
              Show in the files
            </Menu.Item>
            <Menu.Item onClick={() => void copyText(ide, tab.path)}>Copy path</Menu.Item>
            <Menu.Item onClick={() => download(ide.workspace, tab.path, false)}>Download {baseName(tab.path)}</Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

/** Dots in the colours of the others who look at the same thing now. */
function Lookers({ tab }: { tab: Tab }) {
  const name = openedName(tab);
  const here = usePresent().filter((one) => !one.own && one.here && one.active === name);
  if (here.length === 0) return null;
  return (
    <span className={classes.people} title={here.map((one) => one.name).join(", ")} aria-hidden>
      {here.slice(0, DOTS).map((one) => {
        const { light, dark } = colourOf(one.colour);
        return <span key={one.user} style={{ background: `light-dark(${light.solid}, ${dark.solid})` }} />;
      })}
    </span>
  );
}
