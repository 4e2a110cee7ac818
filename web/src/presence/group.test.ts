import { describe, expect, it } from "vitest";
import type { Person } from "../wire/generated";
import { colourOf, COLOURS } from "./colours";
import { comingsAndGoings, groupPeople, initials } from "./group";

function person(connection: number, user: string, more: Partial<Person> = {}): Person {
  return { connection, user, username: user, display_name: user.toUpperCase(), colour: 1, role: "member", here: true, opened: [], active: "", ...more };
}

describe("people", () => {
  it("are one each, oneself first, then as they came", () => {
    const present = groupPeople([person(1, "ada"), person(2, "bob"), person(3, "me"), person(4, "ada")], "me");
    expect(present.map((one) => [one.user, one.own, one.connections])).toEqual([
      ["me", true, [3]],
      ["ada", false, [1, 4]],
      ["bob", false, [2]],
    ]);
  });

  it("are here while one of their tabs is", () => {
    const [ada] = groupPeople([person(1, "ada", { here: false, active: "old.py", opened: ["old.py"] }), person(2, "ada", { active: "new.py", opened: ["x", "new.py"] })], "me");
    expect(ada).toMatchObject({ here: true, active: "new.py", opened: ["new.py", "old.py", "x"] });
    const [gone] = groupPeople([person(1, "ada", { here: false })], "me");
    expect(gone?.here).toBe(false);
  });

  it("joined and left are told once, a short break is not", () => {
    const before = groupPeople([person(1, "me"), person(2, "bob")], "me");
    const dropped = groupPeople([person(1, "me"), person(2, "bob", { here: false }), person(3, "ada")], "me");
    expect(comingsAndGoings(before, dropped)).toEqual({ came: ["ADA"], left: [] });
    expect(comingsAndGoings(dropped, groupPeople([person(1, "me")], "me"))).toEqual({ came: [], left: ["BOB", "ADA"] });
  });

  it.each([
    ["Ada Lovelace", "AL"],
    ["ada", "A"],
    ["  Jean  Luc Picard ", "JP"],
    ["Łukasz", "Ł"],
    ["😀 x", "😀X"],
    ["", "?"],
  ])("have initials: %j", (name, letters) => expect(initials(name)).toBe(letters));
});

describe("colours", () => {
  it("go round and round, whatever the number", () => {
    expect(colourOf(COLOURS.length)).toBe(COLOURS[0]);
    expect(colourOf(-1)).toBe(COLOURS.at(-1));
    expect(colourOf(NaN)).toBe(COLOURS[0]);
  });

  it.each(COLOURS.flatMap((colour) => [[colour.name, colour.light] as const, [`${colour.name} on dark`, colour.dark] as const]))(
    "%s carries its text at 4.5:1 or more",
    (_, shade) => expect(contrast(shade.solid, shade.text)).toBeGreaterThanOrEqual(4.5),
  );
});

/** WCAG 2.2's contrast ratio. */
function contrast(one: string, other: string): number {
  const light = (hex: string): number => {
    const [red, green, blue] = [1, 3, 5].map((at) => {
      const value = parseInt(hex.slice(at, at + 2), 16) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    }) as [number, number, number];
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [low, high] = [light(one), light(other)].sort((a, b) => a - b) as [number, number];
  return (high + 0.05) / (low + 0.05);
}
