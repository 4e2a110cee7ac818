/** Which language a file is in; its support is fetched when such a file is first opened. */
import { LanguageDescription, type LanguageSupport } from "@codemirror/language";
import { languages } from "@codemirror/language-data";

/** Names and endings that the language data does not know. */
const MORE: readonly (readonly [RegExp, string])[] = [
  [/\.(ipynb|jsonl|json5|jsonc|geojson|webmanifest|excalidraw)$|^\.(babelrc|eslintrc|prettierrc)$|^composer\.lock$/i, "JSON"],
  [/^(\.bash(rc|_profile|_aliases|_logout)|\.profile|\.zsh(rc|env)|\.envrc|\.env(\..+)?|PKGBUILD)$/, "Shell"],
  [/^(SConstruct|SConscript|wscript)$|\.pyi$|\.bzl$|^(BUILD|WORKSPACE)(\.bazel)?$/, "Python"],
  [/^(Cargo|poetry|uv|Pipfile)\.lock$|^Pipfile$/, "TOML"],
  [/^(Gemfile|Rakefile|Vagrantfile|Guardfile|Podfile)$/, "Ruby"],
  [/^(Dockerfile|Containerfile)(\..+)?$|\.(dockerfile|containerfile)$/i, "Dockerfile"],
  [/\.(svg|xsd|plist|csproj|props|targets)$/i, "XML"],
  [/\.(md|markdown|mdx)$|^(README|CHANGELOG|LICENSE)$/i, "Markdown"],
  [/\.(service|socket|timer|desktop|cfg|conf|ini|editorconfig)$|^\.(gitconfig|npmrc|editorconfig)$/, "Properties files"],
  [/\.(patch|diff|rej)$/, "diff"],
];

const INTERPRETERS: readonly (readonly [RegExp, string])[] = [
  [/\b(python[\d.]*|uv)\b/, "Python"],
  [/\b(ba|da|z|k)?sh\b/, "Shell"],
  [/\b(node|deno|bun)\b/, "JavaScript"],
  [/\bruby\b/, "Ruby"],
  [/\bperl\b/, "Perl"],
];

/** The language of a file by its name, else by its `#!` line; null when neither tells. */
export function languageOf(path: string, firstLine: string): LanguageDescription | null {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const known = MORE.find(([pattern]) => pattern.test(name));
  if (known) return named(known[1]);
  const found = LanguageDescription.matchFilename(languages, name);
  if (found) return found;
  if (!firstLine.startsWith("#!")) return null;
  const interpreter = INTERPRETERS.find(([pattern]) => pattern.test(firstLine));
  return interpreter ? named(interpreter[1]) : null;
}

function named(name: string): LanguageDescription | null {
  return languages.find((language) => language.name === name) ?? null;
}

/** The support of a language; null when it cannot be fetched, which leaves the text plain. */
export async function load(language: LanguageDescription): Promise<LanguageSupport | null> {
  try {
    return await language.load();
  } catch {
    return null;
  }
}
