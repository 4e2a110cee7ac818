/** What can be done with a name in the tree, at the pointer. */
import { Menu } from "@mantine/core";
import { useIde } from "../ide/context";
import { folderOf } from "../ide/paths";
import { whyNotTerminal } from "../ide/terminalActions";
import { copyText, remove, whyNotWrite } from "./actions";
import { download } from "./addresses";
import type { Row } from "./tree";
import { chooseAndUpload } from "./chooser";

export interface MenuPlace {
  /** Null: the tree itself. */
  row: Row | null;
  x: number;
  y: number;
}

interface Props {
  place: MenuPlace;
  onClose: () => void;
  onTerminal: (folder: string) => void;
}

export function FileMenu({ place, onClose, onTerminal }: Props) {
  const ide = useIde();
  const { tree } = ide.session;
  const { row } = place;
  const folder = row === null ? "" : row.kind === "folder" ? row.path : folderOf(row.path);
  const reason = whyNotWrite(ide);
  const writing = { disabled: reason !== "" };
  const noTerminal = whyNotTerminal(ide, "terminal.open");
  return (
    <Menu opened onClose={onClose} position="bottom-start" offset={2} shadow="md" width={230} withinPortal returnFocus>
      <Menu.Target>
        <span style={{ position: "fixed", left: place.x, top: place.y, width: 1, height: 1 }} />
      </Menu.Target>
      <Menu.Dropdown aria-label={row ? `Actions for ${row.name}` : "Actions for the files"}>
        {reason && <Menu.Label>{reason}</Menu.Label>}
        {row?.kind === "file" && <Menu.Item onClick={() => ide.open(row.path)}>Open</Menu.Item>}
        <Menu.Item {...writing} onClick={() => tree.name({ kind: "file", folder })}>
          New file…
        </Menu.Item>
        <Menu.Item {...writing} onClick={() => tree.name({ kind: "folder", folder })}>
          New folder…
        </Menu.Item>
        <Menu.Item {...writing} onClick={() => chooseAndUpload(ide, folder, false)}>
          Upload files…
        </Menu.Item>
        <Menu.Item disabled={noTerminal !== ""} onClick={() => onTerminal(folder)}>
          New terminal here
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item onClick={() => download(ide.workspace, row?.path ?? "", row?.kind !== "file")}>
          {row?.kind === "file" ? "Download" : "Download as zip"}
        </Menu.Item>
        {row && <Menu.Item onClick={() => void copyText(ide, row.path)}>Copy path</Menu.Item>}
        {row && (
          <>
            <Menu.Divider />
            <Menu.Item {...writing} rightSection="F2" onClick={() => tree.name({ kind: "rename", path: row.path })}>
              Rename…
            </Menu.Item>
            <Menu.Item {...writing} color="red" rightSection="Del" onClick={() => void remove(ide, row.path, row.kind === "folder")}>
              Delete…
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
