/** Over a terminal's corner: who is typing, whose size is shown, what this person may do, and the menu. */
import { ActionIcon, Menu, useComputedColorScheme } from "@mantine/core";
import IconDots from "@tabler/icons-react/dist/esm/icons/IconDots.mjs";
import { useSyncExternalStore } from "react";
import { useIde } from "../ide/context";
import { colourOf } from "../presence/colours";
import type { Interruption, Person, TerminalInfo } from "../wire/generated";
import { changeTerminalSettings, LARGEST_FONT, SMALLEST_FONT, type TerminalSettings } from "./settings";
import classes from "./TerminalPane.module.css";

interface Props {
  info: TerminalInfo;
  /** Why this person cannot type now; empty when they can. */
  whyNot: string;
  /** Whether that is because they may only watch. */
  readOnly: boolean;
  /** Whether they just tried to type. */
  reminded: boolean;
  settings: TerminalSettings;
  onSearch: () => void;
  onSignal: (signal: Interruption) => void;
}

export function TerminalBadges({ info, whyNot, readOnly, reminded, settings, onSearch, onSignal }: Props) {
  const { terminals, people, me } = useIde();
  const everyone = useSyncExternalStore(people.subscribe, people.snapshot);
  const typist = useSyncExternalStore(terminals.subscribe, () => terminals.typist(info.terminal));
  const scheme = useComputedColorScheme("light");
  const driver = info.driver && info.driver !== people.own ? everyone.get(info.driver) : undefined;
  const typing = typist && typist.connection !== people.own ? everyone.get(typist.connection) : undefined;
  const who = typing ?? driver;
  const shade = who && colourOf(who.colour)[scheme];
  return (
    <div className={classes.badges}>
      {who && shade && !info.ended && !reminded && (
        <span
          className={classes.badge}
          style={typing ? { background: shade.solid, color: shade.text } : { boxShadow: `inset 0 0 0 1px ${shade.solid}` }}
          title={`${who.user === me.id ? "Your other window gives" : `${who.display_name}'s window gives`} the size that everyone sees.${whyNot ? "" : " Type to take over."}`}
        >
          {inWords(who, who.user === me.id, typing !== undefined, info)}
        </span>
      )}
      {whyNot && (readOnly || reminded) && (
        <span className={classes.badge} data-reminded={reminded || undefined} role="status" title={whyNot}>
          {reminded ? whyNot : "You may only watch"}
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
          <Menu.Item
            closeMenuOnClick={false}
            disabled={settings.fontSize >= LARGEST_FONT}
            onClick={() => changeTerminalSettings({ fontSize: settings.fontSize + 1 })}
          >
            Larger letters
          </Menu.Item>
          <Menu.Item
            closeMenuOnClick={false}
            disabled={settings.fontSize <= SMALLEST_FONT}
            onClick={() => changeTerminalSettings({ fontSize: settings.fontSize - 1 })}
          >
            Smaller letters
          </Menu.Item>
          <Menu.Divider />
          <Menu.CheckboxItem checked={settings.screenReader} onChange={(screenReader) => changeTerminalSettings({ screenReader })}>
            Screen reader mode
          </Menu.CheckboxItem>
          <Menu.CheckboxItem checked={settings.warnPaste} onChange={(warnPaste) => changeTerminalSettings({ warnPaste })}>
            Ask before pasting several lines
          </Menu.CheckboxItem>
          <Menu.CheckboxItem checked={settings.programsCopy} onChange={(programsCopy) => changeTerminalSettings({ programsCopy })}>
            Let programs fill my clipboard
          </Menu.CheckboxItem>
          {!info.ended && (
            <>
              <Menu.Divider />
              {whyNot && <Menu.Label>{whyNot}</Menu.Label>}
              <Menu.Item disabled={whyNot !== ""} onClick={() => onSignal("interrupt")}>
                Interrupt the program
              </Menu.Item>
              <Menu.Item disabled={whyNot !== ""} onClick={() => onSignal("terminate")}>
                Terminate what runs here
              </Menu.Item>
              <Menu.Item disabled={whyNot !== ""} color="red" onClick={() => onSignal("kill")}>
                Kill everything in this terminal
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}

function inWords(who: Person, me: boolean, typing: boolean, { columns, rows }: TerminalInfo): string {
  if (me) return `You, in another window · ${columns}×${rows}`;
  return typing ? `${who.display_name} is typing` : `${who.display_name} drives · ${columns}×${rows}`;
}
