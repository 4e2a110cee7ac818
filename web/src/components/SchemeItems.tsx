/** Light, dark, or as the system has it: entries of a menu. */
import { Menu, useMantineColorScheme, type MantineColorScheme } from "@mantine/core";
import IconCheck from "@tabler/icons-react/dist/esm/icons/IconCheck.mjs";

const SCHEMES: readonly [MantineColorScheme, string][] = [
  ["auto", "As the system"],
  ["light", "Light"],
  ["dark", "Dark"],
];

export function SchemeItems() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <>
      <Menu.Label>Appearance</Menu.Label>
      {SCHEMES.map(([scheme, name]) => (
        <Menu.Item
          key={scheme}
          role="menuitemradio"
          aria-checked={scheme === colorScheme}
          closeMenuOnClick={false}
          onClick={() => setColorScheme(scheme)}
          rightSection={scheme === colorScheme ? <IconCheck size={15} aria-hidden /> : null}
        >
          {name}
        </Menu.Item>
      ))}
    </>
  );
}
