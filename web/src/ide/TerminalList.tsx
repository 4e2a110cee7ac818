/** The side bar's list of every terminal of the workspace, whoever opened it and whether or not it is shown. */
import { ActionIcon, Menu, Tooltip, useComputedColorScheme } from "@mantine/core";
import IconDots from "@tabler/icons-react/dist/esm/icons/IconDots.mjs";
import IconPlus from "@tabler/icons-react/dist/esm/icons/IconPlus.mjs";
import { useState, useSyncExternalStore, type KeyboardEvent } from "react";
import { TerminalIcon } from "../files/icons";
import { colourOf } from "../presence/colours";
import type { TerminalInfo } from "../wire/generated";
import { useIde } from "./context";
import { closeTerminal, renameTerminal, runAgain, terminalDetail, whyNotTerminal } from "./terminalActions";
import { useChannel, useStore } from "./useStore";
import classes from "./TerminalList.module.css";

export function TerminalList({ onOpened }: { onOpened?: () => void }) {
  const ide = useIde();
  useChannel(ide.channel);
  const infos = useStore(ide.terminals);
  const { active } = useStore(ide.session.dock);
  const reason = whyNotTerminal(ide, "terminal.open");
  const open = (what: { terminal?: number }) => {
    ide.openTerminal(what);
    onOpened?.();
  };
  return (
    <section className={classes.terminals} aria-label="Terminals">
      <div className={classes.head}>
        <h2 className={classes.title}>Terminals</h2>
        <Tooltip label={reason || "New terminal (Ctrl+`)"} multiline maw={260}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="sm"
            aria-label="Open a new terminal"
            aria-disabled={reason !== "" || undefined}
            data-disabled={reason !== "" || undefined}
            onClick={() => !reason && open({})}
          >
            <IconPlus size={16} stroke={1.6} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </div>
      {infos.length === 0 && <p className={classes.none}>{ide.terminals.known ? "None is open." : ""}</p>}
      <ul className={classes.list}>
        {infos.map((info) => (
          <Item key={info.terminal} info={info} shown={active?.kind === "terminal" && active.terminal === info.terminal} onOpen={() => open({ terminal: info.terminal })} />
        ))}
      </ul>
    </section>
  );
}

function Item({ info, shown, onOpen }: { info: TerminalInfo; shown: boolean; onOpen: () => void }) {
  const ide = useIde();
  const { terminals, people, me } = ide;
  const [menu, setMenu] = useState(false);
  const typist = useSyncExternalStore(terminals.subscribe, () => terminals.typist(info.terminal));
  const scheme = useComputedColorScheme("light");
  const typing = typist && typist.connection !== people.own && !info.ended ? people.get(typist.connection) : undefined;
  const detail = typing ? `${typing.display_name} is typing` : terminalDetail(info, me.display_name);
  const mayWrite = whyNotTerminal(ide, "terminal.write");
  const mayClose = whyNotTerminal(ide, "terminal.close");
  const onKeyDown = (event: KeyboardEvent) => {
    const act = { F2: mayWrite ? null : renameTerminal, Delete: mayClose ? null : closeTerminal }[event.key];
    if (!act) return;
    event.preventDefault();
    void act(ide, info);
  };
  return (
    <li
      className={classes.item}
      data-shown={shown || undefined}
      onContextMenu={(event) => {
        event.preventDefault();
        setMenu(true);
      }}
    >
      <button
        type="button"
        className={classes.name}
        aria-label={`${info.name}, ${info.ended || typing ? detail : `opened by ${detail}`}`}
        aria-current={shown || undefined}
        title={[info.name, info.title, `opened by ${info.owner}${info.folder && ` in ${info.folder}`}`].filter(Boolean).join("\n")}
        data-ended={info.ended || undefined}
        onClick={onOpen}
        onKeyDown={onKeyDown}
      >
        <TerminalIcon />
        <span className={classes.text}>{info.name}</span>
        {typing && <span className={classes.typing} style={{ background: colourOf(typing.colour)[scheme].solid }} />}
        <span className={classes.detail}>{detail}</span>
      </button>
      <Menu position="bottom-end" width={220} opened={menu} onChange={setMenu}>
        <Menu.Target>
          <ActionIcon className={classes.more} variant="subtle" color="gray" size="sm" aria-label={`Actions for ${info.name}`}>
            <IconDots size={14} stroke={1.6} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {mayWrite && <Menu.Label>{mayWrite}</Menu.Label>}
          <Menu.Item onClick={onOpen}>Show</Menu.Item>
          {info.ended && (
            <Menu.Item disabled={mayWrite !== ""} onClick={() => void runAgain(ide, info)}>
              Run again
            </Menu.Item>
          )}
          <Menu.Item disabled={mayWrite !== ""} rightSection="F2" onClick={() => void renameTerminal(ide, info)}>
            Rename…
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item disabled={mayClose !== ""} color="red" rightSection="Del" onClick={() => void closeTerminal(ide, info)}>
            {info.ended ? "Close the terminal" : "Close the terminal…"}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </li>
  );
}
