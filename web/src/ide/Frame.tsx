/** The frame of an open workspace: header, files, panes, status bar, and whatever is laid over them. */
import { Drawer } from "@mantine/core";
import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from "react";
import type { Workspace } from "../api/types";
import { useStop } from "../api/workspaces";
import { sentenceOf } from "../api/errors";
import { Busy } from "../components/Busy";
import { SideBar } from "../files/SideBar";
import { StatusBar } from "../status/StatusBar";
import { Banner } from "../status/Banner";
import { useComeBack } from "../status/useComeBack";
import { useIde } from "./context";
import { FrameProvider, type FrameActions, type PaletteMode } from "./frameContext";
import { Header } from "./Header";
import { useKeys } from "./keys";
import { Palette } from "./Palette";
import { Panes } from "./panes/Panes";
import { Sash } from "./Sash";
import { useNarrow } from "./useNarrow";
import { useNotices } from "./useNotices";
import { useStore } from "./useStore";
import classes from "./Frame.module.css";

const QuestionDialog = lazy(() => import("./QuestionDialog"));
const WorkspaceDialog = lazy(() => import("../dashboard/RowDialog").then((module) => ({ default: module.RowDialog })));

export type Dialog = "members" | "log";

export function Frame({ workspace }: { workspace: Workspace | null }) {
  const ide = useIde();
  const { layout, questions } = ide.session;
  const narrow = useNarrow();
  const [side, setSide] = useState(layout.current.side);
  const [drawer, setDrawer] = useState(false);
  const [palette, setPalette] = useState<PaletteMode | null>(null);
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const question = useStore(questions);
  const stop = useStop(ide.workspace);
  useNotices();
  useComeBack(workspace);

  useEffect(() => layout.change({ side }), [layout, side]);

  const may = (capability: Workspace["capabilities"][number]) => workspace?.capabilities.includes(capability) ?? false;
  const whyNotMembers = may("workspace.share") ? "" : "Only the owner of the workspace changes its members.";
  const whyNotStop = !may("workspace.stop")
    ? "You may not stop this workspace."
    : workspace?.state === "running"
      ? ""
      : "The workspace is not running.";

  const askToStop = useCallback(async () => {
    const answer = await questions.ask({
      title: "Stop the workspace?",
      text: "It stops for everyone. Files are saved; what runs in terminals ends. You can start it again at any time.",
      answers: [{ value: "stop", label: "Stop the workspace" }],
    });
    if (answer === "stop") stop.mutate(undefined, { onError: (error) => ide.notify({ kind: "problem", sentence: sentenceOf(error) }) });
  }, [questions, stop, ide]);

  const actions = useMemo<FrameActions>(
    () => ({
      palette: setPalette,
      toggleSide: () => (narrow ? setDrawer((open) => !open) : setSide((now) => ({ ...now, open: !now.open }))),
      showSide: () => (narrow ? setDrawer(true) : setSide((now) => ({ ...now, open: true }))),
      members: () => setDialog("members"),
      log: () => setDialog("log"),
      whyNotMembers,
      stop: () => void askToStop(),
      whyNotStop,
    }),
    [narrow, whyNotMembers, whyNotStop, askToStop],
  );

  return (
    <FrameProvider value={actions}>
      <Keys />
      <div className={classes.frame}>
        <Header workspace={workspace} narrow={narrow} sideOpen={narrow ? drawer : side.open} />
        <div className={classes.body}>
          {!narrow && side.open && (
            <aside className={classes.side} style={{ width: side.width }} aria-label="Files and terminals">
              <SideBar />
              <Sash width={side.width} onWidth={(width) => setSide((now) => ({ ...now, width }))} />
            </aside>
          )}
          <main className={classes.main}>
            <Banner workspace={workspace} />
            <div className={classes.panes}>
              <Panes />
            </div>
          </main>
        </div>
        <StatusBar workspace={workspace} narrow={narrow} />
      </div>
      {narrow && (
        <Drawer
          opened={drawer}
          onClose={() => setDrawer(false)}
          size="85%"
          padding={0}
          title={workspace?.name ?? "Files"}
          closeButtonProps={{ "aria-label": "Close the files" }}
          classNames={{ body: classes.drawer ?? "", header: classes.drawerHead ?? "" }}
        >
          <SideBar onOpened={() => setDrawer(false)} />
        </Drawer>
      )}
      {palette && <Palette key={palette} mode={palette} onClose={() => setPalette(null)} />}
      <Suspense fallback={<Busy label="Opening" />}>
        {question && <QuestionDialog questions={questions} />}
        {dialog && workspace && <WorkspaceDialog opened what={dialog} workspace={workspace} onClose={() => setDialog(null)} />}
      </Suspense>
    </FrameProvider>
  );
}

function Keys() {
  useKeys();
  return null;
}
