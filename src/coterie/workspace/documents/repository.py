"""A git repository above open documents: whether an operation is under way, and what the last one was, in words.

Only git's own small files are read, never its programs run: HEAD, and the last line of HEAD's log, whose words git
itself wrote ("checkout: moving from main to feature").
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from coterie.wire.errors import CoterieError
from coterie.workspace.paths import Root

_TAIL = 4096
"""Bytes of the end of HEAD's log that hold its last line."""

_LINE = re.compile(
    r"^(?P<old>[0-9a-f]{40,64}) (?P<new>[0-9a-f]{40,64}) (?P<who>.*?) <[^>]*> \d+ [+-]\d{4}\t(?P<what>.*)$"
)

_WITHOUT_FILES = ("", "commit", "branch", "Branch", "clone")
"""Operations that leave the files as they are, or that nobody can have had a file open during."""

_DID = {
    "rebase": "rebased",
    "pull": "pulled",
    "cherry-pick": "applied “{}”",
    "am": "applied “{}”",
    "revert": "reverted a commit: “{}”",
}


@dataclass(frozen=True)
class Operation:
    """What git did last in the repository in `folder`: from commit `old` to `new`, by whom, in git's words."""

    folder: str
    old: str
    new: str
    who: str
    what: str


class Repository:
    """The repository in `folder` (a path as it travels, empty for the root of the files)."""

    def __init__(self, root: Root, folder: str) -> None:
        self.folder = folder
        self._root = root
        self._git = f"{folder}/.git" if folder else ".git"
        self._log_size, _ = self._read()

    @property
    def busy(self) -> bool:
        """Whether git is in the middle of changing files: it holds the lock of its index."""
        try:
            self._root.stat(f"{self._git}/index.lock")
        except CoterieError:
            return False
        return True

    def operation(self) -> Operation | None:
        """Return what git did since this was last asked, None for nothing. Blocks."""
        size, line = self._read()
        if size == self._log_size:
            return None
        self._log_size = size
        found = _LINE.match(line)
        return Operation(self.folder, found["old"], found["new"], found["who"], found["what"]) if found else None

    def _read(self) -> tuple[int, str]:
        """Length and last line of HEAD's log."""
        try:
            fd = self._root.open_file(f"{self._git}/logs/HEAD")
        except CoterieError:
            return 0, ""
        try:
            size = os.fstat(fd).st_size
            lines = os.pread(fd, _TAIL, max(0, size - _TAIL)).decode(errors="replace").splitlines()
        finally:
            os.close(fd)
        return size, lines[-1] if lines else ""


def find(root: Root, path: str) -> str | None:
    """Return the folder of the repository that a file is in, None when it is in none. Blocks."""
    folder = path
    while folder:
        folder = folder.rpartition("/")[0]
        try:
            root.stat(f"{folder}/.git/HEAD" if folder else ".git/HEAD")
        except CoterieError:
            continue
        return folder
    return None


def sentence(done: Operation, files: int | None) -> str | None:
    """Say what an operation did: "Ada checked out main, 14 files". None for one that leaves files as they are."""
    who = done.who or "Somebody"
    kind, _, rest = done.what.partition(": ")
    kind = kind.split(" ", 1)[0]
    if kind in _WITHOUT_FILES:
        return None
    if kind == "checkout":
        did = f"checked out {_name(rest.rpartition(' to ')[2])}"
    elif kind == "reset":
        did = f"reset to {_name(rest.rpartition(' to ')[2])}"
    elif kind == "merge":
        did = f"merged {done.what.partition(':')[0].removeprefix('merge ')}"
    else:
        did = _DID.get(kind, f"used git {kind}").format(rest)
    if files is None:
        return f"{who} {did}"
    return f"{who} {did}, {files} {'file' if files == 1 else 'files'}"


def _name(target: str) -> str:
    return target[:10] if re.fullmatch(r"[0-9a-f]{40,64}", target) else target
