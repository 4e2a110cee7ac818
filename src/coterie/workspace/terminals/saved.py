"""Terminals on disk: what is kept of each in the state directory, so that its last output outlives the machine."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path

import msgspec

from coterie.wire.decoding import UNREADABLE
from coterie.workspace.terminals.modes import Modes

_SUFFIX = ".terminal"

log = logging.getLogger(__name__)


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """One terminal as it was when it was saved."""

    number: int
    name: str
    folder: str
    owner: str
    columns: int
    rows: int
    title: str
    exit_code: int
    stopped: list[str]
    """Programs that ran in it."""
    start: int
    """Sequence number of the first byte of `output`."""
    output: bytes
    modes: Modes
    """At `start`."""


class Shelf:
    """A directory with one file per terminal. Its methods block; the callers give them to a thread."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def load(self) -> list[Saved]:
        """Return every terminal that was saved, by number. A file that cannot be read is left out, and logged."""
        saved = []
        for path in self._directory.glob(f"*{_SUFFIX}"):
            try:
                saved.append(msgspec.msgpack.decode(path.read_bytes(), type=Saved))
            except (OSError, *UNREADABLE) as error:
                log.warning("a saved terminal could not be read: %s: %s", path.name, error)
        return sorted(saved, key=lambda terminal: terminal.number)

    def save(self, terminal: Saved) -> None:
        """Write a terminal in place of what was kept of it. A full disk keeps the old state, and is logged."""
        path = self._path(terminal.number)
        new = path.with_suffix(".new")
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            new.write_bytes(msgspec.msgpack.encode(terminal))
            new.replace(path)
        except OSError as error:
            log.warning("terminal %d could not be saved: %s", terminal.number, error)
            with contextlib.suppress(OSError):
                new.unlink()

    def forget(self, number: int) -> None:
        """Remove what was kept of a terminal."""
        with contextlib.suppress(OSError):
            self._path(number).unlink()

    def _path(self, number: int) -> Path:
        return self._directory / f"{number}{_SUFFIX}"
