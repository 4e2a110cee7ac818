/** The panes: dockview with our tabs, editors and terminals in it. */
import { DockviewReact, type DockviewReadyEvent, type IDockviewHeaderActionsProps, type IDockviewPanelProps } from "dockview-react";
import "dockview-react/dist/styles/dockview.css";
import { ActionIcon, Tooltip } from "@mantine/core";
import IconLayoutColumns from "@tabler/icons-react/dist/esm/icons/IconLayoutColumns.mjs";
import { lazy, Suspense, useCallback, useEffect, useState, type ComponentType } from "react";
import { TerminalIcon } from "../files/icons";
import { useStore } from "./useStore";
import { ErrorBoundary } from "../app/ErrorBoundary";
import { Busy } from "../components/Busy";
import { useIde, type EditorPaneProps, type TerminalPaneProps } from "./context";
import type { EditorParams, TerminalParams } from "./dock";
import { PaneTab } from "./PaneTab";
import { useNarrow } from "./useNarrow";
import { Welcome } from "./Welcome";
import "./panes.css";

const EditorPane = lazy<ComponentType<EditorPaneProps>>(() => import("../editor/EditorPane"));
const TerminalPane = lazy<ComponentType<TerminalPaneProps>>(() => import("../terminal/TerminalPane"));

/** Whether a panel is the one that has the focus of the whole page. */
function useActive(api: IDockviewPanelProps["api"]): boolean {
  const [active, setActive] = useState(() => api.isActive && api.isGroupActive);
  useEffect(() => {
    const update = () => setActive(api.isActive && api.isGroupActive);
    update();
    const listeners = [api.onDidActiveChange(update), api.onDidActiveGroupChange(update)];
    return () => listeners.forEach((listener) => listener.dispose());
  }, [api]);
  return active;
}

function EditorPanel({ api, params }: IDockviewPanelProps<EditorParams>) {
  const { channel } = useIde();
  const active = useActive(api);
  return (
    <ErrorBoundary>
      <Suspense fallback={<Busy label="Opening the editor" />}>
        <EditorPane channel={channel} path={params.path} active={active} {...(params.at ? { at: params.at } : {})} />
      </Suspense>
    </ErrorBoundary>
  );
}

function TerminalPanel({ api, params }: IDockviewPanelProps<TerminalParams>) {
  const { channel } = useIde();
  const active = useActive(api);
  return (
    <ErrorBoundary>
      <Suspense fallback={<Busy label="Opening the terminal" />}>
        <TerminalPane channel={channel} terminal={params.terminal} active={active} />
      </Suspense>
    </ErrorBoundary>
  );
}

function PaneActions({ activePanel, panels }: IDockviewHeaderActionsProps) {
  const ide = useIde();
  useStore(ide.session.dock);
  const narrow = useNarrow();
  const alone = panels.length < 2;
  const mayOpen = ide.channel.may("terminal.open");
  return (
    <div className="coterie-pane-actions">
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
          onClick={() => activePanel && ide.session.dock.split(activePanel.id, "right")}
        >
          <IconLayoutColumns size={16} stroke={1.6} aria-hidden />
        </ActionIcon>
      </Tooltip>
      )}
    </div>
  );
}

const COMPONENTS = { editor: EditorPanel, terminal: TerminalPanel };
const THEME = {
  name: "coterie",
  className: "coterie-dock",
  gap: 0,
  dndTabIndicator: "line" as const,
  dndPanelOverlay: "group" as const,
};
const MESSAGES = {
  panelOpened: (title: string) => `${title} opened`,
  panelClosed: (title: string) => `${title} closed`,
};

export default function Panes() {
  const { session } = useIde();
  const onReady = useCallback((event: DockviewReadyEvent) => session.dock.attach(event.api), [session]);
  useEffect(() => () => session.dock.detach(), [session]);
  return (
    <DockviewReact
      components={COMPONENTS}
      defaultTabComponent={PaneTab}
      rightHeaderActionsComponent={PaneActions}
      watermarkComponent={Welcome}
      theme={THEME}
      messages={MESSAGES}
      disableFloatingGroups
      scrollbars="native"
      proportionalLayout
      onReady={onReady}
    />
  );
}
