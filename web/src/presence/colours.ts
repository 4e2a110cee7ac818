/** The colours of people: one index per person, the same in editors, terminals, avatars and boards. */

/** One person's colour on one background. */
export interface Shade {
  /** Cursor line, ring of the avatar, flag behind the name. */
  solid: string;
  /** Text on `solid`; at least 4.5:1 (WCAG 2.2, 1.4.3). */
  text: string;
  /** Behind selected text. */
  selection: string;
}

export interface Colour {
  name: string;
  light: Shade;
  dark: Shade;
}

function colour(name: string, light: string, dark: string): Colour {
  return {
    name,
    light: { solid: light, text: "#ffffff", selection: `${light}2e` },
    dark: { solid: dark, text: "#141615", selection: `${dark}40` },
  };
}

/** Neighbours differ in lightness as well as hue, so that two people in a row are told apart without seeing hue. */
export const COLOURS: readonly Colour[] = [
  colour("blue", "#1d63c4", "#7cb0ff"),
  colour("orange", "#a84f00", "#ffab5e"),
  colour("violet", "#7040c9", "#bf9dff"),
  colour("green", "#20743a", "#76d18b"),
  colour("pink", "#b82b72", "#ff94c2"),
  colour("teal", "#0a6f7d", "#5fd0de"),
  colour("red", "#bd2f2f", "#ff9a8f"),
  colour("olive", "#6a6900", "#d3cf5a"),
  colour("indigo", "#3d4fb8", "#a0adff"),
  colour("brown", "#85532c", "#dcae86"),
  colour("purple", "#95359c", "#e79bee"),
  colour("slate", "#4d6272", "#aabfce"),
];

/** The colour of an index as the server counts them: any whole number, taken round and round. */
export function colourOf(index: number): Colour {
  const whole = Number.isFinite(index) ? Math.trunc(index) : 0;
  const at = ((whole % COLOURS.length) + COLOURS.length) % COLOURS.length;
  return COLOURS[at] as Colour;
}
