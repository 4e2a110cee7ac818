"""Writes an archive's entries below one folder, refusing every entry that would reach out of it or fill the disk."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from coterie.wire.archives import Entry, Kind
from coterie.wire.errors import CoterieError, ErrorCode

_CHUNK = 1 << 18
_LATEST = 2**33
"""Unix seconds, in the year 2242: file systems refuse stranger times."""


@dataclass(frozen=True)
class UnpackLimits:
    """What an archive may be. Sizes in bytes."""

    upload: int = 2 << 30
    """Size of the archive itself."""
    size: int = 8 << 30
    """Size of all files in it."""
    entries: int = 500_000
    ratio: int = 250
    """Bytes of files for each byte of archive, above `ratio_from` bytes of files. Text reaches 20, bombs 1,000."""
    ratio_from: int = 256 << 20
    depth: int = 64
    """Folders inside each other."""


class Tree:
    """The files of one archive, below `root`, which nobody else writes to meanwhile."""

    def __init__(self, root: Path, archive_size: int, limits: UnpackLimits, check: Callable[[], None]) -> None:
        """`check` is called between any two pieces of work and may raise to end it."""
        self.files = 0
        self.bytes = 0
        self._root = root
        self._archive_size = archive_size
        self._limits = limits
        self._check = check
        self._entries = 0
        self._folders: set[str] = {""}
        self._symlinks: dict[str, str] = {}

    def add(self, entry: Entry) -> None:
        """Write one entry. Symbolic links come last, in `finish`, so that nothing is ever written through one.

        Raises CoterieError(ARCHIVE_UNSAFE | TOO_BIG).
        """
        self._check()
        self._entries += 1
        if self._entries > self._limits.entries:
            sentence = f"This archive holds more than {self._limits.entries:,} files, the most that is taken."
            raise CoterieError(ErrorCode.TOO_BIG, sentence)
        name = self._name(entry.name)
        if entry.kind is Kind.DEVICE:
            raise _unsafe(entry.name, "is a device file or a pipe, not a file")
        if entry.kind is Kind.FOLDER:
            self._folder(name)
            return
        if not name:
            raise _unsafe(entry.name, "has no name")
        self._folder(name.rpartition("/")[0])
        self._make_room(name)
        if entry.kind is Kind.SYMLINK:
            self._symlinks[name] = self._target(name, entry.target)
        elif entry.kind is Kind.HARD_LINK:
            self._hard_link(name, entry.target)
        else:
            self._file(name, entry)

    def finish(self) -> None:
        """Make the symbolic links, and see that none leads out, alone or through others."""
        for name, target in self._symlinks.items():
            self._check()
            (self._root / name).symlink_to(target)
        inside = os.path.realpath(self._root)
        for name in self._symlinks:
            self._check()
            reached = os.path.realpath(self._root / name)
            if reached != inside and not reached.startswith(inside + "/"):
                raise _unsafe(name, "is a link that leads out of the archive")

    def _name(self, name: str) -> str:
        """The entry's path below the root, made of plain names only."""
        if name.startswith("/"):
            raise _unsafe(name, "has an absolute path")
        parts = [part for part in name.split("/") if part not in ("", ".")]
        if ".." in parts:
            raise _unsafe(name, 'has ".." in its path')
        if len(parts) > self._limits.depth:
            raise _unsafe(name, f"lies more than {self._limits.depth} folders deep")
        if _strange(name):
            raise _unsafe(name, "has control characters or broken letters in its name")
        if any(len(part.encode()) > 255 for part in parts) or len(name.encode()) > 3072:
            raise _unsafe(name, "has a name that is too long")
        return "/".join(parts)

    def _folder(self, name: str) -> None:
        if name in self._folders:
            return
        self._folder(name.rpartition("/")[0])
        if name in self._symlinks or os.path.lexists(self._root / name):
            raise _unsafe(name, "is both a folder and something else")
        (self._root / name).mkdir(mode=0o755)
        self._folders.add(name)

    def _make_room(self, name: str) -> None:
        """A name may come twice, as `tar --append` writes it: the later one counts."""
        if name in self._folders:
            raise _unsafe(name, "is both a folder and something else")
        if self._symlinks.pop(name, None) is None:
            (self._root / name).unlink(missing_ok=True)

    def _target(self, name: str, target: str) -> str:
        reached = os.path.normpath(f"{name}/../{target}").split("/")[0]
        if not target or target.startswith("/") or _strange(target) or reached == "..":
            raise _unsafe(name, "is a link that leads out of the archive")
        return target

    def _hard_link(self, name: str, target: str) -> None:
        source = self._name(target)
        if source in self._symlinks or source in self._folders or not os.path.lexists(self._root / source):
            raise _unsafe(name, "is a link to something that is no file of the archive")
        os.link(self._root / source, self._root / name, follow_symlinks=False)
        self.files += 1

    def _file(self, name: str, entry: Entry) -> None:
        assert entry.content
        path = self._root / name
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with entry.content() as content, os.fdopen(os.open(path, flags, 0o600), "wb") as file:
            while chunk := content.read(_CHUNK):
                self._check()
                self._count(len(chunk))
                file.write(chunk)
            os.fchmod(file.fileno(), entry.mode & 0o777 | 0o600)
        if entry.modified is not None and 0 <= entry.modified < _LATEST:
            with contextlib.suppress(OSError):
                os.utime(path, (entry.modified, entry.modified))
        self.files += 1

    def _count(self, size: int) -> None:
        self.bytes += size
        if self.bytes > self._limits.size:
            sentence = (
                f"The files in this archive are larger than {self._limits.size >> 20} MiB, the most that is taken."
            )
            raise CoterieError(ErrorCode.TOO_BIG, sentence)
        if self.bytes > self._limits.ratio_from and self.bytes > self._limits.ratio * self._archive_size:
            sentence = "This archive unpacks to far more than such archives do, as made to fill a disk. It was refused."
            raise CoterieError(ErrorCode.ARCHIVE_UNSAFE, sentence, f"{self.bytes} from {self._archive_size}")


def _strange(name: str) -> bool:
    """Whether a name has control characters or bytes that are not UTF-8, which tarfile gives as surrogates."""
    return any(c < " " or "\x7f" <= c <= "\x9f" or "\ud800" <= c <= "\udfff" for c in name)


def _unsafe(name: str, what: str) -> CoterieError:
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name[:200])
    return CoterieError(
        ErrorCode.ARCHIVE_UNSAFE, f"The archive was refused: {shown!r} in it {what}.", repr(name)[:2000]
    )
