/** The look: colours, type, density and the variables that pages use beside Mantine's own. */
import {
  createTheme,
  localStorageColorSchemeManager,
  type CSSVariablesResolver,
  type MantineColorsTuple,
} from "@mantine/core";

/** The product's colour: a deep green. Shade 7 carries white text (5.8:1) in light and dark. */
const spruce: MantineColorsTuple = [
  "#eff7f4", "#dcede7", "#b7dccf", "#8dc9b7", "#62b49f", "#3f9f89", "#268873", "#16735f", "#115c4c", "#0b4237",
];

/** The one accent, for the person who joins: used in the logo and for what asks for attention. */
const ember: MantineColorsTuple = [
  "#fdf2ec", "#fae2d5", "#f3c3aa", "#eda27c", "#e88757", "#e57344", "#cf5f31", "#a94a23", "#87391a", "#612610",
];

/** What failed or is dangerous. Shade 6 is text on light (5.7:1), as the library uses it. */
const red: MantineColorsTuple = [
  "#fdf1f0", "#fbdfdc", "#f6bdb7", "#f09a92", "#e7766c", "#d95348", "#bf352c", "#a92a22", "#8b201a", "#651611",
];

const gray: MantineColorsTuple = [
  "#f8f8f6", "#f1f1ee", "#e6e6e2", "#d8d8d3", "#c0c0ba", "#9c9d97", "#747570", "#5a5b57", "#3f403c", "#272825",
];

/** 0 is text, 7 the page, 9 what lies deepest. */
const dark: MantineColorsTuple = [
  "#dcdedb", "#b9bcb8", "#969a95", "#777b77", "#434745", "#333735", "#252827", "#1a1c1b", "#141615", "#0e100f",
];

const system = 'ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif';
const mono = 'ui-monospace, "SF Mono", "Cascadia Code", "JetBrains Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace';

export const theme = createTheme({
  primaryColor: "spruce",
  primaryShade: 7,
  colors: { spruce, ember, red, gray, dark },
  fontFamily: system,
  fontFamilyMonospace: mono,
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.25rem" },
  lineHeights: { xs: "1.4", sm: "1.45", md: "1.5", lg: "1.55", xl: "1.55" },
  spacing: { xs: "0.5rem", sm: "0.75rem", md: "1rem", lg: "1.5rem", xl: "2.25rem" },
  defaultRadius: "md",
  radius: { xs: "3px", sm: "5px", md: "7px", lg: "12px", xl: "20px" },
  headings: {
    fontFamily: system,
    fontWeight: "620",
    sizes: {
      h1: { fontSize: "1.5rem", lineHeight: "1.3" },
      h2: { fontSize: "1.125rem", lineHeight: "1.4" },
      h3: { fontSize: "0.9375rem", lineHeight: "1.45" },
    },
  },
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: "sm" } },
    Modal: {
      defaultProps: {
        radius: "lg",
        centered: true,
        padding: "lg",
        overlayProps: { backgroundOpacity: 0.4, blur: 1 },
        closeButtonProps: { "aria-label": "Close" },
        // The library's <header> would be a second banner of the page.
        attributes: { header: { role: "none" } },
        styles: { title: { fontSize: "1.0625rem", fontWeight: 620, letterSpacing: "-0.01em", overflowWrap: "anywhere" } },
      },
    },
    // Opening moves the focus to the first entry, where the arrow keys go on from.
    Menu: { defaultProps: { shadow: "md", radius: "md", position: "bottom-end", withInitialFocusPlaceholder: false } },
    Tooltip: { defaultProps: { openDelay: 350, withArrow: true, arrowSize: 6 } },
    Alert: { defaultProps: { radius: "md", variant: "light" } },
    Paper: { defaultProps: { radius: "lg" } },
    // Within a text colour alone would not tell a link.
    Anchor: { defaultProps: { underline: "always" } },
  },
});

/**
 * Variables of ours: `--coterie-canvas` lies behind everything, `--coterie-surface` is a card or a pane on it,
 * `--coterie-sunken` a place inside a surface (a log, a code line), `--coterie-line` a hairline between them.
 */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--coterie-canvas": "var(--mantine-color-gray-0)",
    "--coterie-surface": "#ffffff",
    "--coterie-sunken": "var(--mantine-color-gray-1)",
    "--coterie-line": "var(--mantine-color-gray-2)",
    "--coterie-shadow": "0 1px 2px rgb(39 40 37 / 5%), 0 4px 16px rgb(39 40 37 / 4%)",
    "--coterie-brand": "var(--mantine-color-spruce-7)",
    "--mantine-color-text": "var(--mantine-color-gray-9)",
    "--mantine-color-dimmed": "var(--mantine-color-gray-7)",
    "--mantine-color-placeholder": "var(--mantine-color-gray-6)",
    "--mantine-color-error": "var(--mantine-color-red-7)",
    "--mantine-color-red-light": "var(--mantine-color-red-0)",
    "--mantine-color-spruce-light-color": "var(--mantine-color-spruce-8)",
  },
  dark: {
    "--coterie-canvas": "var(--mantine-color-dark-8)",
    "--coterie-surface": "var(--mantine-color-dark-7)",
    "--coterie-sunken": "var(--mantine-color-dark-9)",
    "--coterie-line": "var(--mantine-color-dark-5)",
    "--coterie-shadow": "none",
    "--coterie-brand": "var(--mantine-color-spruce-4)",
    "--mantine-color-text": "var(--mantine-color-dark-0)",
    "--mantine-color-dimmed": "var(--mantine-color-dark-2)",
    "--mantine-color-placeholder": "var(--mantine-color-dark-3)",
    "--mantine-color-error": "var(--mantine-color-red-3)",
    "--mantine-color-red-light": "color-mix(in srgb, var(--mantine-color-red-5) 18%, transparent)",
    "--mantine-color-red-light-color": "var(--mantine-color-red-2)",
    "--mantine-color-spruce-light": "color-mix(in srgb, var(--mantine-color-spruce-5) 20%, transparent)",
    "--mantine-color-spruce-light-color": "var(--mantine-color-spruce-3)",
  },
});

/** Where the choice of light, dark or the system's is kept; `public/scheme.js` reads the same key before the first paint. */
export const colorSchemeManager = localStorageColorSchemeManager({ key: "coterie-scheme" });
