/** A tab's icon and name. */
import { FileIcon, TerminalIcon } from "../../files/icons";
import { tabOf } from "../tabs";
import { useTabState } from "../tabState";
import classes from "./Panes.module.css";

export function TabName({ id }: { id: string }) {
  const tab = tabOf(id);
  const { title, detail } = useTabState(tab);
  return (
    <span className={classes.named}>
      {tab?.kind === "terminal" ? <TerminalIcon /> : <FileIcon name={title} />}
      <span className={classes.title}>{title}</span>
      {detail && <span className={classes.detail}> {detail}</span>}
    </span>
  );
}
