/** The side bar: the files' tools, the tree, uploads on their way, and the terminals. */
import { ActionIcon, Menu, Tooltip } from "@mantine/core";
import IconDots from "@tabler/icons-react/dist/esm/icons/IconDots.mjs";
import IconFilePlus from "@tabler/icons-react/dist/esm/icons/IconFilePlus.mjs";
import IconFolderPlus from "@tabler/icons-react/dist/esm/icons/IconFolderPlus.mjs";
import IconUpload from "@tabler/icons-react/dist/esm/icons/IconUpload.mjs";
import type { ReactNode } from "react";
import { useIde } from "../ide/context";
import { TerminalList } from "../ide/TerminalList";
import { useChannel, useStore } from "../ide/useStore";
import { folderAt, whyNotWrite } from "./actions";
import { download } from "./addresses";
import { chooseAndUpload } from "./chooser";
import { FileTreeView } from "./FileTreeView";
import { UploadList } from "./UploadList";
import classes from "./SideBar.module.css";

interface ToolProps {
  label: string;
  /** Why it cannot be used; empty when it can. */
  reason: string;
  onClick: () => void;
  children: ReactNode;
}

function Tool({ label, reason, onClick, children }: ToolProps) {
  return (
    <Tooltip label={reason || label} multiline maw={260}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="sm"
        aria-label={label}
        aria-disabled={reason !== "" || undefined}
        data-disabled={reason !== "" || undefined}
        onClick={reason ? (event) => event.preventDefault() : onClick}
      >
        {children}
      </ActionIcon>
    </Tooltip>
  );
}

export function SideBar({ onOpened }: { onOpened?: () => void }) {
  const ide = useIde();
  const { tree } = ide.session;
  useChannel(ide.channel);
  useStore(tree);
  const reason = whyNotWrite(ide);
  return (
    <div className={classes.side}>
      <div className={classes.head}>
        <h2 className={classes.title}>Files</h2>
        <Tool label="New file" reason={reason} onClick={() => tree.name({ kind: "file", folder: folderAt(ide) })}>
          <IconFilePlus size={16} stroke={1.6} aria-hidden />
        </Tool>
        <Tool label="New folder" reason={reason} onClick={() => tree.name({ kind: "folder", folder: folderAt(ide) })}>
          <IconFolderPlus size={16} stroke={1.6} aria-hidden />
        </Tool>
        <Tool label="Upload files" reason={reason} onClick={() => chooseAndUpload(ide, folderAt(ide), false)}>
          <IconUpload size={16} stroke={1.6} aria-hidden />
        </Tool>
        <Menu position="bottom-end" width={240}>
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" size="sm" aria-label="More for the files">
              <IconDots size={16} stroke={1.6} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item disabled={reason !== ""} onClick={() => chooseAndUpload(ide, folderAt(ide), true)}>
              Upload a folder…
            </Menu.Item>
            <Menu.Item onClick={() => download(ide.workspace, "", true)}>Download everything as zip</Menu.Item>
            <Menu.Divider />
            <Menu.Item onClick={() => tree.collapseAll()}>Collapse all folders</Menu.Item>
            <Menu.CheckboxItem closeMenuOnClick checked={tree.showsHidden} onChange={(shows) => ide.session.showHidden(shows)}>
              Show hidden (.git)
            </Menu.CheckboxItem>
          </Menu.Dropdown>
        </Menu>
      </div>
      {ide.channel.welcome && !ide.channel.may("file.write") && <p className={classes.watching}>You may only watch here.</p>}
      <FileTreeView {...(onOpened ? { onOpened } : {})} />
      <UploadList uploads={ide.session.uploads} />
      <TerminalList {...(onOpened ? { onOpened } : {})} />
    </div>
  );
}
