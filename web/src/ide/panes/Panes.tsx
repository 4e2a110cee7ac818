/** The panes on the screen: splits and groups, and the contents of all tabs, each drawn into its host. */
import { lazy, Suspense, useEffect, useLayoutEffect, useMemo, type ComponentType } from "react";
import { createPortal } from "react-dom";
import { ErrorBoundary } from "../../app/ErrorBoundary";
import { Busy } from "../../components/Busy";
import { useIde, type EditorPaneProps, type TerminalPaneProps } from "../context";
import { tabId, type Tab } from "../tabs";
import { useNarrow } from "../useNarrow";
import { useStore } from "../useStore";
import { Welcome } from "../Welcome";
import { activeTab, type Node } from "./arrangement";
import { useDragging } from "./dragging";
import { GroupView } from "./GroupView";
import { Hosts } from "./hosts";
import { SplitView } from "./SplitView";
import classes from "./Panes.module.css";

const EditorPane = lazy<ComponentType<EditorPaneProps>>(() => import("../../editor/EditorPane"));
const TerminalPane = lazy<ComponentType<TerminalPaneProps>>(() => import("../../terminal/TerminalPane"));

export function Panes() {
  const { session } = useIde();
  const { dock } = session;
  const { arrangement, tabs, active } = useStore(dock);
  const narrow = useNarrow();
  const dragging = useDragging();
  const hosts = useMemo(() => new Hosts((tab) => dock.activate(tab)), [dock]);
  const ids = useMemo(() => tabs.map(tabId), [tabs]);
  // Narrow screens see one pane with every tab; the arrangement itself waits for a wider one.
  const root = useMemo<Node | null>(
    () => (narrow && ids.length ? { kind: "group", id: arrangement.active, tabs: ids, shown: activeTab(arrangement) } : arrangement.root),
    [narrow, ids, arrangement],
  );
  useLayoutEffect(() => hosts.keep(ids), [hosts, ids]);
  useEffect(() => {
    // The parts that are opened first are fetched while nobody waits for them.
    const idle = setTimeout(() => void import("../../editor/EditorPane"), 1_000);
    return () => clearTimeout(idle);
  }, []);
  if (!root) return <Welcome />;
  const draw = (node: Node, path: readonly number[]) =>
    node.kind === "split" ? (
      <SplitView key={path.join()} split={node} path={path} draw={draw} />
    ) : (
      <GroupView key={node.id} group={node} hosts={hosts} active={node.id === arrangement.active} dragging={dragging} />
    );
  return (
    <div className={classes.panes}>
      {draw(root, [])}
      {tabs.map((tab) => createPortal(<Content tab={tab} active={active !== null && tabId(tab) === tabId(active)} />, hosts.of(tabId(tab)), tabId(tab)))}
    </div>
  );
}

function Content({ tab, active }: { tab: Tab; active: boolean }) {
  const { channel, session } = useIde();
  const at = session.dock.placeIn(tabId(tab));
  return (
    <ErrorBoundary>
      <Suspense fallback={<Busy label="Opening" />}>
        {tab.kind === "editor" ? (
          <EditorPane channel={channel} path={tab.path} active={active} {...(at ? { at } : {})} />
        ) : (
          <TerminalPane channel={channel} terminal={tab.terminal} active={active} />
        )}
      </Suspense>
    </ErrorBoundary>
  );
}

