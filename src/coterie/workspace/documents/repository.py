"""A git repository above open documents: whether an operation is under way, and what the last one was, in words.

Only git's own small files are read, never its programs run: the last lines of HEAD's log and the stash's, whose words
git itself wrote ("checkout: moving from main to feature").
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from typing import NamedTuple

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
    "stash": "put changes into the stash",
    "unstash": "took changes out of the stash",
}


@dataclass(frozen=True)
class Operation:
    """What git did last in the repository in `folder`: from commit `old` to `new`, by whom, in git's words."""

    folder: str
    old: str
    new: str
    who: str
    what: str


class _Log(NamedTuple):
    """Length and last line of one of git's logs."""

    size: int
    last: str


class Repository:
    """The repository in `folder` (a path as it travels, empty for the root of the files)."""

    def __init__(self, root: Root, folder: str) -> None:
        self.folder = folder
        self._root = root
        self._git = f"{folder}/.git" if folder else ".git"
        self._head, self._stash = self._read("HEAD"), self._read("refs/stash")

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
        before, stash = self._head, self._stash
        self._head, self._stash = self._read("HEAD"), self._read("refs/stash")
        # A log that only got shorter was cleaned up.
        new = self._head.size > before.size or self._head.last != before.last
        done = self._did(self._head.last) if new else None
        if self._stash == stash:
            return done
        # What a stash holds differs from the commit that git goes back to.
        taken = self._stash.size < stash.size
        stashed = self._did((stash if taken else self._stash).last)
        head = self._did(self._head.last)
        if stashed is None or head is None:
            return done
        if taken:
            return Operation(self.folder, stashed.new, head.new, "", "unstash: ") if done is None else done
        if done is not None and done.old != done.new:
            # Put away to go elsewhere.
            return replace(done, old=stashed.new)
        return Operation(self.folder, head.new, stashed.new, stashed.who, "stash: ")

    def _did(self, line: str) -> Operation | None:
        found = _LINE.match(line)
        return Operation(self.folder, found["old"], found["new"], found["who"], found["what"]) if found else None

    def _read(self, name: str) -> _Log:
        try:
            fd = self._root.open_file(f"{self._git}/logs/{name}")
        except CoterieError:
            return _Log(0, "")
        try:
            size = os.fstat(fd).st_size
            lines = os.pread(fd, _TAIL, max(0, size - _TAIL)).decode(errors="replace").splitlines()
        finally:
            os.close(fd)
        return _Log(size, lines[-1] if lines else "")


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


def sentence(done: Operation, files: int | None, terminal: str = "", person: str = "") -> str:
    """Say what an operation did: "Ada checked out main in Terminal 2, 14 files". Empty for one that leaves files alone.

    `person` is whose terminal it was done in, for operations of which git does not say who did them.
    """
    who = done.who or person or "Somebody"
    kind, _, rest = done.what.partition(": ")
    kind = kind.split(" ", 1)[0]
    if kind in _WITHOUT_FILES:
        return ""
    if kind == "checkout":
        did = f"checked out {_name(rest.rpartition(' to ')[2])}"
    elif kind == "reset":
        did = f"reset to {_name(rest.rpartition(' to ')[2])}"
    elif kind == "merge":
        did = f"merged {done.what.partition(':')[0].removeprefix('merge ')}"
    else:
        did = _DID.get(kind, f"used git {kind}").format(rest)
    if terminal:
        did += f" in {terminal}"
    return f"{who} {did}" if files is None else f"{who} {did}, {files} {'file' if files == 1 else 'files'}"


def _name(target: str) -> str:
    return target[:10] if re.fullmatch(r"[0-9a-f]{40,64}", target) else target
