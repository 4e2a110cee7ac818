"""Files that are overwritten where they are, because another name or a folder forbids replacing them.

A moment shows half a file then. What is to be written is on the medium before, in a **journal** in the private state,
so that a server which was killed in between finishes it at its next start. Blocking; meant for a thread.
"""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import msgspec

from coterie.wire.decoding import UNREADABLE
from coterie.workspace.paths import Root

_BLOCK = 4096
"""Bytes that reach the medium together."""


class _Journal(msgspec.Struct, array_like=True, frozen=True):
    """What is being done: to which file, as a path and an inode, and its bytes before and after."""

    path: str
    inode: int
    old: bytes
    new: bytes


def overwrite(folder: int, name: str, path: str, data: bytes, journal: Path) -> None:
    """Write `data` over the file `name` in a folder; `path` names it in the workspace. Raises OSError.

    When that fails halfway, for want of room say, the file gets its old bytes again.
    """
    # Without waiting: a pipe of that name may have taken the file's place.
    fd = os.open(name, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, dir_fd=folder)
    try:
        old = _read(fd)
        _note(journal, _Journal(path, os.fstat(fd).st_ino, old, data))
        try:
            _put(fd, data)
        except OSError:
            _put(fd, old)
            raise
        finally:
            # Left where neither could be written: the next start tries again.
            if _read(fd) in (old, data):
                journal.unlink()
    finally:
        os.close(fd)


def finish(root: Root, journal: Path) -> bool:
    """Finish what a killed server left half done; whether there was anything. Raises CoterieError, OSError.

    What somebody else wrote since is left alone.
    """
    try:
        data = journal.read_bytes()
        noted = msgspec.msgpack.decode(data[4:], type=_Journal)
        if zlib.crc32(data[4:]) != int.from_bytes(data[:4], "big"):
            raise msgspec.DecodeError("another checksum")
    except UNREADABLE:
        # Cut short itself: the file was not touched yet.
        journal.unlink()
        return False
    fd = root.open_file(noted.path, os.O_RDWR)
    try:
        torn = os.fstat(fd).st_ino == noted.inode and _torn(_read(fd), noted)
        if torn:
            _put(fd, noted.new)
    finally:
        os.close(fd)
    journal.unlink()
    return torn


def _torn(now: bytes, noted: _Journal) -> bool:
    """Whether the file is partly as it was and partly as it was to be."""
    old, new = noted.old, noted.new
    if now in (old, new) or len(now) > max(len(old), len(new)):
        return False
    # Bytes in order where the server was killed, blocks in any order where the machine was.
    common = _common(now, new)
    if now[common:] == old[common : len(now)]:
        return True
    for at in range(0, len(now), _BLOCK):
        block = now[at : at + _BLOCK]
        if block not in (new[at : at + len(block)], old[at : at + len(block)]) and any(block):
            return False
    return True


def _common(one: bytes, other: bytes) -> int:
    """Bytes at the beginning that are equal."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _note(journal: Path, noted: _Journal) -> None:
    data = msgspec.msgpack.encode(noted)
    with journal.open("wb") as file:
        file.write(zlib.crc32(data).to_bytes(4, "big") + data)
        file.flush()
        os.fsync(file.fileno())


def _put(fd: int, data: bytes) -> None:
    view = memoryview(data)
    at = 0
    while at < len(data):
        at += os.pwrite(fd, view[at:], at)
    os.ftruncate(fd, len(data))
    os.fsync(fd)


def _read(fd: int) -> bytes:
    parts: list[bytes] = []
    at = 0
    while part := os.pread(fd, 1 << 20, at):
        parts.append(part)
        at += len(part)
    return b"".join(parts)
