/** File-type icons: one drawn sheet with a letter or a sign in the colour of its kind, and folders. */

type Kind = "code" | "text" | "data" | "image" | "table" | "archive" | "shell" | "lock" | "git" | "plain";

const BY_NAME: Record<string, Kind> = {
  ".gitignore": "git",
  ".gitattributes": "git",
  ".gitmodules": "git",
  dockerfile: "shell",
  makefile: "shell",
  license: "text",
  readme: "text",
  "package-lock.json": "lock",
  "poetry.lock": "lock",
  "uv.lock": "lock",
  "cargo.lock": "lock",
};

const BY_ENDING: Record<string, Kind> = {};
const ENDINGS: Record<Exclude<Kind, "plain" | "git">, string> = {
  code: "py js mjs cjs ts tsx jsx c h cc cpp hpp rs go java kt swift rb php cs scala lua r jl hs ml ex exs erl clj dart vue svelte css scss less html htm xml sql ipynb wasm asm s zig",
  text: "md markdown rst txt tex adoc org pdf doc docx odt log",
  data: "json jsonl yaml yml toml ini cfg conf env properties plist",
  image: "png jpg jpeg gif svg webp avif bmp ico tif tiff mp4 webm mov mp3 wav ogg flac excalidraw",
  table: "csv tsv parquet xls xlsx ods db sqlite npy npz feather arrow",
  archive: "zip tar gz tgz bz2 xz zst 7z rar jar whl deb rpm",
  shell: "sh bash zsh fish ps1 bat cmd mk",
  lock: "lock pem key crt pub",
};
for (const [kind, endings] of Object.entries(ENDINGS)) {
  for (const ending of endings.split(" ")) BY_ENDING[ending] = kind as Kind;
}

/** What kind of file a name says it is. */
export function fileKind(name: string): Kind {
  const lower = name.toLowerCase();
  const named = BY_NAME[lower] ?? BY_NAME[lower.replace(/\.[^.]*$/, "")];
  if (named) return named;
  return BY_ENDING[lower.slice(lower.lastIndexOf(".") + 1)] ?? "plain";
}

const SIGN: Record<Kind, string> = {
  code: "M6.2 8.2 4.6 9.8l1.6 1.6M9.8 8.2l1.6 1.6-1.6 1.6",
  text: "M5.2 7.6h5.6M5.2 9.8h5.6M5.2 12h3.4",
  data: "M7 7.4c-1.3 0-.6 2.2-1.7 2.4 1.1.2.4 2.4 1.7 2.4M9 7.4c1.3 0 .6 2.2 1.7 2.4-1.1.2-.4 2.4-1.7 2.4",
  image: "m4.6 12.2 2.2-2.8 1.6 1.8 1-1.2 2 2.2M9.9 7.9h.01",
  table: "M4.8 8h6.4M4.8 10.2h6.4M8 7v5.4",
  archive: "M8 3.5v1M8 6v1M8 8.5v1M7 11h2v1.5H7z",
  shell: "m5 8.2 1.8 1.6L5 11.4M8.4 11.6h2.4",
  lock: "M5.8 9.4h4.4v2.8H5.8zM6.6 9.4V8.2a1.4 1.4 0 0 1 2.8 0v1.2",
  git: "M6 8v3.6M6 9.8c2.6 0 3.6-.2 3.6-1.8",
  plain: "",
};

const COLOUR: Record<Kind, string> = {
  code: "blue",
  text: "gray",
  data: "yellow",
  image: "grape",
  table: "teal",
  archive: "orange",
  shell: "green",
  lock: "red",
  git: "orange",
  plain: "gray",
};

export function FileIcon({ name, size = 16 }: { name: string; size?: number }) {
  const kind = fileKind(name);
  return (
    <svg width={size} height={size} viewBox="0 0 16 16" fill="none" strokeWidth="1.1" strokeLinecap="round" strokeLinejoin="round" aria-hidden focusable="false">
      <path d="M3.5 2.2h5.6l3.4 3.4v8.2h-9z" stroke="currentColor" opacity=".45" />
      <path d="M9.1 2.2v3.4h3.4" stroke="currentColor" opacity=".45" />
      <path d={SIGN[kind]} style={{ stroke: `light-dark(var(--mantine-color-${COLOUR[kind]}-8), var(--mantine-color-${COLOUR[kind]}-4))` }} />
    </svg>
  );
}

export function FolderIcon({ open, size = 16 }: { open: boolean; size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.1" strokeLinejoin="round" aria-hidden focusable="false">
      {open ? (
        <path d="M2 12.8V3.6h4l1.4 1.6h5.4v1.7M2 12.8l1.9-5.9h10.6l-1.9 5.9z" opacity=".8" />
      ) : (
        <path d="M2 3.6h4l1.4 1.6H14v7.6H2z" opacity=".8" />
      )}
    </svg>
  );
}

export function TerminalIcon({ size = 16 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.2" strokeLinecap="round" strokeLinejoin="round" aria-hidden focusable="false">
      <rect x="1.8" y="2.8" width="12.4" height="10.4" rx="1.6" opacity=".6" />
      <path d="m4.6 6 2 2-2 2M8.4 10.2h3" />
    </svg>
  );
}

export function Chevron({ open, size = 14 }: { open: boolean; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden
      focusable="false"
      style={{ transform: open ? "rotate(90deg)" : undefined, transition: "transform 90ms" }}
    >
      <path d="m6 3.5 4.5 4.5L6 12.5" />
    </svg>
  );
}
