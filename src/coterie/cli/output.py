"""How commands speak: tables and JSON on standard output, everything else on standard error."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import msgspec


def complain(sentence: str) -> None:
    """Say on standard error what went wrong."""
    sys.stderr.write(f"coterie: {plain(sentence)}\n")


def say(line: str) -> None:
    """Say on standard output what was done."""
    sys.stdout.write(plain(line) + "\n")
    sys.stdout.flush()


def plain(text: str) -> str:
    """The text without control characters: what a hub or a machine says must not steer somebody's terminal."""
    return "".join(c for c in text if c in "\n\t" or (c >= " " and not "\x7f" <= c <= "\x9f"))


def as_json(value: Any) -> None:
    """Write `value` as JSON, for programs."""
    say(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write rows under their headings, as wide as they need."""
    # Most commands, `coterie serve` above all, show none.
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        grid.add_row(*(Text(plain(cell)) for cell in row))
    console = Console()
    # Cut off by a terminal's edge, but never when a program reads it.
    console.print(grid, width=None if console.is_terminal else 400, crop=console.is_terminal)


class Progress:
    """Lines on standard error that say how far something is; one that was just said is not said again."""

    def __init__(self) -> None:
        self._said = ""

    def __call__(self, line: str) -> None:
        if line and line != self._said:
            self._said = line
            sys.stderr.write(plain(line) + "\n")
            sys.stderr.flush()
