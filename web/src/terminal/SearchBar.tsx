/** Searching in a terminal's scrollback. */
import { ActionIcon, TextInput } from "@mantine/core";
import IconChevronDown from "@tabler/icons-react/dist/esm/icons/IconChevronDown.mjs";
import IconChevronUp from "@tabler/icons-react/dist/esm/icons/IconChevronUp.mjs";
import IconX from "@tabler/icons-react/dist/esm/icons/IconX.mjs";
import type { SearchAddon } from "@xterm/addon-search";
import { useEffect, useState } from "react";
import classes from "./TerminalPane.module.css";

const DECORATIONS = {
  matchBackground: "#8a6d00",
  matchOverviewRuler: "#c99a2e",
  activeMatchBackground: "#cf5f31",
  activeMatchColorOverviewRuler: "#cf5f31",
};

interface Props {
  search: SearchAddon;
  onClose: () => void;
}

export function SearchBar({ search, onClose }: Props) {
  const [query, setQuery] = useState("");
  const [found, setFound] = useState<{ index: number; count: number } | null>(null);
  useEffect(() => {
    const heard = search.onDidChangeResults(({ resultIndex, resultCount }) => setFound({ index: resultIndex, count: resultCount }));
    return () => {
      heard.dispose();
      search.clearDecorations();
    };
  }, [search]);
  const options = { decorations: DECORATIONS };
  const previous = () => void search.findPrevious(query, options);
  const next = () => void search.findNext(query, options);
  return (
    <div className={classes.search} role="search">
      <TextInput
        size="xs"
        autoFocus
        aria-label="Search in this terminal"
        placeholder="Search"
        value={query}
        onChange={(event) => {
          const text = event.currentTarget.value;
          setQuery(text);
          if (text) search.findPrevious(text, { ...options, incremental: true });
          else search.clearDecorations();
          if (!text) setFound(null);
        }}
        onKeyDown={(event) => {
          if (event.key === "Escape") onClose();
          else if (event.key === "Enter") (event.shiftKey ? next : previous)();
        }}
        rightSectionWidth={64}
        rightSection={
          <span aria-live="polite" style={{ fontSize: "0.7rem" }}>
            {found && query ? (found.count ? `${found.index + 1}/${found.count}` : "None") : ""}
          </span>
        }
      />
      <ActionIcon variant="subtle" size="sm" aria-label="Previous match" onClick={previous}>
        <IconChevronUp size={14} />
      </ActionIcon>
      <ActionIcon variant="subtle" size="sm" aria-label="Next match" onClick={next}>
        <IconChevronDown size={14} />
      </ActionIcon>
      <ActionIcon variant="subtle" size="sm" aria-label="Close the search" onClick={onClose}>
        <IconX size={14} />
      </ActionIcon>
    </div>
  );
}
