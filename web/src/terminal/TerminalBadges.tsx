/** Over a terminal's corner: who is typing, whose size is shown, what this person may do, and the menu. */
import { ActionIcon, Menu, useComputedColorScheme } from "@mantine/core";
import IconDots from "@tabler/icons-react/dist/esm/icons/IconDots.mjs";
import { useSyncExternalStore } from "react";
import { useIde } from "../ide/context";
import { colourOf } from "../presence/colours";
import type { Interruption, TerminalInfo } from "../wire/generated";
import { changeTerminalSettings, type TerminalSettings } from "./settings";
import classes from "./TerminalPane.module.css";

interface Props {
  info: TerminalInfo;
  readOnly: boolean;
  settings: TerminalSettings;
  onSearch: () => void;
  onSignal: (signal: Interruption) => void;
}

export function TerminalBadges({ info, readOnly, settings, onSearch, onSignal }: Props) {
  const { terminals, people } = useIde();
  const everyone = useSyncExternalStore(people.subscribe, people.snapshot);
  const typist = useSyncExternalStore(terminals.subscribe, () => terminals.typist(info.terminal));
  const scheme = useComputedColorScheme("light");
  const driver = info.driver && info.driver !== people.own ? everyone.get(info.driver) : undefined;
  const typing = typist && typist.connection !== people.own ? everyone.get(typist.connection) : undefined;
  const who = typing ?? driver;
  const shade = who && colourOf(who.colour)[scheme];
  return (
    <div className={classes.badges}>
      {who && shade && !info.ended && (
        <span
          className={classes.badge}
          style={typing ? { background: shade.solid, color: shade.text } : { boxShadow: `inset 0 0 0 1px ${shade.solid}` }}
          title={`Everyone sees the size of ${who.display_name}'s window. Type to take over.`}
        >
          {typing ? `${who.display_name} is typing` : `${who.display_name} drives · ${info.columns}×${info.rows}`}
        </span>
      )}
      {readOnly && (
        <span className={classes.badge} title="The owner lets you watch here, not type.">
          You may only watch
        </span>
      )}
      <Menu>
        <Menu.Target>
          <ActionIcon className={classes.menu} variant="default" size="sm" aria-label={`Menu of ${info.name}`}>
            <IconDots size={14} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={onSearch}>Search…</Menu.Item>
          <Menu.Item closeMenuOnClick={false} onClick={() => changeTerminalSettings({ fontSize: settings.fontSize + 1 })}>
            Larger letters
          </Menu.Item>
          <Menu.Item closeMenuOnClick={false} onClick={() => changeTerminalSettings({ fontSize: settings.fontSize - 1 })}>
            Smaller letters
          </Menu.Item>
          <Menu.Divider />
          <Toggle on={settings.screenReader} onClick={() => changeTerminalSettings({ screenReader: !settings.screenReader })}>
            Screen reader mode
          </Toggle>
          <Toggle on={settings.warnPaste} onClick={() => changeTerminalSettings({ warnPaste: !settings.warnPaste })}>
            Ask before pasting several lines
          </Toggle>
          <Toggle on={settings.programsCopy} onClick={() => changeTerminalSettings({ programsCopy: !settings.programsCopy })}>
            Let programs fill my clipboard
          </Toggle>
          {!readOnly && !info.ended && (
            <>
              <Menu.Divider />
              <Menu.Item onClick={() => onSignal("interrupt")}>Interrupt the program</Menu.Item>
              <Menu.Item onClick={() => onSignal("terminate")}>Terminate what runs here</Menu.Item>
              <Menu.Item color="red" onClick={() => onSignal("kill")}>
                Kill everything in this terminal
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}

function Toggle({ on, onClick, children }: { on: boolean; onClick: () => void; children: string }) {
  return (
    <Menu.Item role="menuitemcheckbox" aria-checked={on} leftSection={<span aria-hidden>{on ? "✓" : "\u2003"}</span>} onClick={onClick}>
      {children}
    </Menu.Item>
  );
}
