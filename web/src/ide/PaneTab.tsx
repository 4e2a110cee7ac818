/** One tab: what it is, whether it is saved, who else looks at it, and closing it. */
import { Menu } from "@mantine/core";
import type { IDockviewPanelHeaderProps } from "dockview-react";
import { useEffect, useState, type MouseEvent } from "react";
import { copyText } from "../files/actions";
import { download } from "../files/addresses";
import { FileIcon, TerminalIcon } from "../files/icons";
import { usePresent } from "../presence/Avatars";
import { colourOf } from "../presence/colours";
import { useIde } from "./context";
import { baseName, openedName, tabOf, type Tab } from "./layout";
import { useTabState } from "./tabState";

const DOTS = 3;

export function PaneTab({ api, params: _, containerApi: __ }: IDockviewPanelHeaderProps) {
  const ide = useIde();
  const { dock, tree } = ide.session;
  const tab = tabOf(api.id);
  const [menu, setMenu] = useState<{ x: number; y: number } | null>(null);
  const state = useTabState(tab);
  useEffect(() => dock.setTitle(api.id, state.title), [api, dock, state.title]);
  if (!tab) return null;
  const close = (event: MouseEvent) => {
    event.preventDefault();
    event.stopPropagation();
    api.close();
  };
  return (
    <div
      className="coterie-tab"
      data-dirty={state.dirty || undefined}
      title={tab.kind === "editor" ? tab.path : state.title}
      onAuxClick={(event) => event.button === 1 && close(event)}
      onContextMenu={(event) => {
        event.preventDefault();
        setMenu({ x: event.clientX, y: event.clientY });
      }}
    >
      {tab.kind === "editor" ? <FileIcon name={tab.path} /> : <TerminalIcon />}
      <span className="coterie-tab-title">{state.title}</span>
      {state.detail && <span className="coterie-tab-detail">{state.detail}</span>}
      <Lookers tab={tab} />
      {/* The tab itself takes the focus and closes with Delete: a second stop inside it would be one too many. */}
      <span className="coterie-tab-close" aria-hidden data-testid={`close ${state.title}`} onPointerDown={(event) => event.stopPropagation()} onClick={close}>
        <span className="coterie-tab-dot" />
        <svg width="14" height="14" viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round">
          <path d="m4.5 4.5 7 7M11.5 4.5l-7 7" />
        </svg>
      </span>
      {menu && (
        <Menu opened onClose={() => setMenu(null)} position="bottom-start" offset={2} width={220} withinPortal>
          <Menu.Target>
            <span style={{ position: "fixed", left: menu.x, top: menu.y, width: 1, height: 1 }} />
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item rightSection="Alt+W" onClick={() => dock.close(api.id)}>
              Close
            </Menu.Item>
            <Menu.Item disabled={api.group.panels.length < 2} onClick={() => dock.closeOthers(api.id)}>
              Close the others here
            </Menu.Item>
            <Menu.Divider />
            <Menu.Item disabled={api.group.panels.length < 2} onClick={() => dock.split(api.id, "right")}>
              Move to the right
            </Menu.Item>
            <Menu.Item disabled={api.group.panels.length < 2} onClick={() => dock.split(api.id, "below")}>
              Move below
            </Menu.Item>
            {tab.kind === "editor" && (
              <>
                <Menu.Divider />
                <Menu.Item onClick={() => void tree.reveal(tab.path)}>Show in the files</Menu.Item>
                <Menu.Item onClick={() => void copyText(ide, tab.path)}>Copy path</Menu.Item>
                <Menu.Item onClick={() => download(ide.workspace, tab.path, false)}>Download {baseName(tab.path)}</Menu.Item>
              </>
            )}
          </Menu.Dropdown>
        </Menu>
      )}
    </div>
  );
}

/** Dots in the colours of the others who look at the same thing now. */
function Lookers({ tab }: { tab: Tab }) {
  const name = openedName(tab);
  const here = usePresent().filter((one) => !one.own && one.here && one.active === name);
  if (here.length === 0) return null;
  return (
    <span className="coterie-tab-people" title={here.map((one) => one.name).join(", ")} aria-hidden>
      {here.slice(0, DOTS).map((one) => {
        const { light, dark } = colourOf(one.colour);
        return <span key={one.user} style={{ background: `light-dark(${light.solid}, ${dark.solid})` }} />;
      })}
    </span>
  );
}
