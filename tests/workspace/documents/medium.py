"""A disk that can fail: it may be full, and after a cut of power it holds what was synchronised and a torn rest."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from coterie.workspace.documents import disk, history, store


class Medium:
    """What of a directory would be there after a cut of power: names by folder and contents by inode.

    The catalogue is SQLite's to keep and no part of this.
    """

    def __init__(self) -> None:
        self.full = False
        self._names: dict[str, dict[str, int]] = {}
        self._contents: dict[int, bytes] = {}

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Learn of what the documents' code synchronises, which costs nothing then; refuse to write while full."""
        patch.setattr(os, "fsync", self.synchronised)
        patch.setattr(os, "fdatasync", self.synchronised)
        for owner, name in ((os, "pwrite"), (disk, "_write"), (store, "_write")):
            patch.setattr(owner, name, self._refusing(getattr(owner, name), OSError(errno.ENOSPC, "No space left")))
        add = self._refusing(history.History.add, sqlite3.OperationalError("database or disk is full"))
        patch.setattr(history.History, "add", add)

    def synchronised(self, fd: int) -> None:
        """A file's content, or a folder's names, reached the medium."""
        status = os.fstat(fd)
        if stat.S_ISDIR(status.st_mode):
            self._keep_names(str(Path(f"/proc/self/fd/{fd}").readlink()))
        else:
            self._contents[status.st_ino] = Path(f"/proc/self/fd/{fd}").read_bytes()

    def settle(self, folder: Path) -> None:
        """Everything in a folder reached the medium, as what other programs wrote a while ago."""
        for path in _files(folder):
            self._contents[path.stat().st_ino] = path.read_bytes()
        self._keep_names(str(folder))

    def cut(self, folder: Path, *, names: bool, kept: float, noise: bytes) -> None:
        """Bring a folder into a state in which a cut of power may have left it.

        `names`: whether names that were not synchronised are there; `kept`: the part of what was written after the last
        synchronisation that is; `noise` follows it.
        """
        durable = self._names.get(str(folder), {})
        here = {path.name: path for path in _files(folder)}
        for name in {*here, *durable}:
            path = folder / name
            now = here[name].stat().st_ino if name in here else 0
            inode = now if names else durable.get(name, 0)
            if not inode:
                path.unlink(missing_ok=True)
                continue
            whole = self._contents.get(inode, b"")
            if inode == now:
                written = path.read_bytes()
                if written[: len(whole)] == whole and written != whole:
                    whole += written[len(whole) :][: int(kept * (len(written) - len(whole)))] + noise
            path.write_bytes(whole)
        self.settle(folder)

    def _keep_names(self, folder: str) -> None:
        self._names[folder] = {path.name: path.stat().st_ino for path in _files(Path(folder))}

    def _refusing(self, real: Any, error: Exception) -> Any:
        def write(*arguments: Any, **options: Any) -> Any:
            if self.full:
                raise error
            return real(*arguments, **options)

        return write


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if path.is_file() and not path.name.startswith("catalogue."))
