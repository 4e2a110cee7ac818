"""Finding files that are not where they were: by their inode, else by their content."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

from coterie.wire.errors import CoterieError
from coterie.workspace.documents import disk
from coterie.workspace.documents.disk import Stamp
from coterie.workspace.paths import Root, travels

MOST_NAMES = 300_000
"""Names that a search looks at."""

_RECENT = 10.0
"""Seconds within which a copy must have been made to count as the moved file."""


def find(root: Root, path: str, stamp: Stamp, digest: bytes) -> str | None:
    """Return where the file that was at `path` is now, None when it is nowhere. Blocks.

    A file with the same inode is the same file. A recent one with the same, not empty, content is taken for it when it
    is the only one: it was moved to another file system, or written anew.
    """
    alike: list[str] = []
    looked = 0
    folders = [path.rpartition("/")[0], ""]
    seen: set[str] = set()
    while folders:
        folder = folders.pop(0)
        if folder in seen:
            continue
        seen.add(folder)
        try:
            fd = root.open_folder(folder)
        except CoterieError:
            continue
        try:
            with os.scandir(fd) as names:
                for name in names:
                    looked += 1
                    here = f"{folder}/{name.name}" if folder else name.name
                    if not travels(here):
                        continue
                    if name.is_dir(follow_symlinks=False):
                        if name.name != ".git":
                            folders.append(here)
                    elif name.is_file(follow_symlinks=False) and not name.name.startswith(disk.TEMPORARY):
                        if name.inode() == stamp.inode and _born(fd, name.name) == stamp.born:
                            return here
                        status = name.stat(follow_symlinks=False)
                        if status.st_size == stamp.size > 0 and time.time() - status.st_ctime < _RECENT:
                            alike.append(here)
        except OSError:
            continue
        finally:
            os.close(fd)
        if looked > MOST_NAMES:
            break
    same = [here for here in alike if here != path and _digest(root, here) == digest]
    return same[0] if len(same) == 1 else None


def onto(root: Root, known: Mapping[str, Stamp]) -> list[tuple[str, str]]:
    """Return which of the known files are now at another one's path, as (from, to), each after what made room for it.

    Files that changed places in a circle are left out: none of their paths is free for the others. Blocks.
    """
    there = {path: stamp for path in known if (stamp := disk.stamp(root, path)) is not None}
    at = {_file(stamp): path for path, stamp in there.items()}
    moved: dict[str, str] = {}
    for path, stamp in known.items():
        here = there.get(path)
        target = at.get(_file(stamp))
        if target is not None and target != path and (here is None or _file(here) != _file(stamp)):
            moved[path] = target
    result: list[tuple[str, str]] = []
    while free := [path for path, target in moved.items() if target not in moved]:
        result += [(path, moved.pop(path)) for path in free]
    return result


def same_file(one: Stamp, other: Stamp) -> bool:
    """Whether both are stamps of the same file, whatever its content."""
    return _file(one) == _file(other)


def _file(stamp: Stamp) -> tuple[int, ...]:
    # Inodes are used again at once: where the time of birth is not known, all the rest must be the same.
    return (stamp.inode, stamp.born) if stamp.born else tuple(stamp)


def _born(folder: int, name: str) -> int:
    try:
        fd = os.open(name, getattr(os, "O_PATH", os.O_RDONLY) | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        return -1
    try:
        return disk.born(fd)
    finally:
        os.close(fd)


def _digest(root: Root, path: str) -> bytes:
    try:
        return disk.read(root, path).digest
    except CoterieError:
        return b""
