"""Uploaded archives, unpacked into a folder without believing them.

Nothing is written outside the folder, through a link, or as anything but a file, a folder or a link that stays inside;
sizes are counted as they are written, not as the archive states them.
"""

from __future__ import annotations

import asyncio
import errno
import os
import stat
import tempfile
from collections.abc import AsyncIterator
from typing import BinaryIO

from coterie.wire.archives import KINDS, Entry, Kind, entries
from coterie.wire.errors import CoterieError, ErrorCode
from coterie.workspace.paths import problem

MOST_FILES = 200_000
MOST_BYTES = 20 << 30
"""Bytes of all files of one archive together."""

_PIECE = 256 << 10
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


async def unpack(folder: int, body: AsyncIterator[bytes], largest: int, path: str) -> int:
    """Unpack a zip file, or a tar file however compressed, into the open folder; return how many files there were.

    Existing files are replaced. Raises CoterieError(ARCHIVE_UNREADABLE | ARCHIVE_UNSAFE | TOO_BIG | DISK_FULL); what
    was unpacked before an error stays.
    """
    with _spool(folder) as spool:
        size = 0
        async for data in body:
            size += len(data)
            if size > largest:
                raise CoterieError(ErrorCode.TOO_BIG, f"At most {largest >> 30} GB can be uploaded at once.")
            try:
                await asyncio.to_thread(spool.write, data)
            except OSError as error:
                raise problem(error, path) from None
        work = asyncio.ensure_future(asyncio.to_thread(_unpack, folder, spool, path))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.wait([work])
            work.exception()  # nobody is there to be told
            raise


def _spool(folder: int) -> BinaryIO:
    """An unnamed file, on the files' own disk where that can be: a full disk is met before anything is replaced."""
    if hasattr(os, "O_TMPFILE"):
        try:
            return os.fdopen(os.open(".", os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600, dir_fd=folder), "w+b")
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT):
                raise problem(error, "") from None
    return tempfile.TemporaryFile()


def _unpack(folder: int, spool: BinaryIO, path: str) -> int:
    count = written = 0
    try:
        for entry in entries(spool, MOST_FILES):
            count += 1
            if count > MOST_FILES:
                raise CoterieError(ErrorCode.TOO_BIG, f"The archive has more than {MOST_FILES} files.")
            written += _place(folder, entry, MOST_BYTES - written)
    except CoterieError:
        raise
    except OSError as error:
        if error.errno is not None:
            raise problem(error, path) from None
        raise _damaged(error) from None
    except Exception as error:  # Python's readers raise many kinds of error on damaged archives
        raise _damaged(error) from None
    return count


def _damaged(error: Exception) -> CoterieError:
    sentence = f"This is not an archive that can be read, or it is damaged. Upload one of {KINDS}."
    return CoterieError(ErrorCode.ARCHIVE_UNREADABLE, sentence, repr(error))


def _place(root: int, entry: Entry, left: int) -> int:
    """Write one entry; return how many bytes it had."""
    if entry.kind is Kind.DEVICE:
        raise _unsafe(entry.name, "a device or a pipe")
    names = _names(entry.name)
    if not names:
        return 0
    if entry.kind is Kind.SYMLINK and not _stays(names, entry.target):
        raise _unsafe(entry.name, "a link that leads out")
    parent = _folders(root, names if entry.kind is Kind.FOLDER else names[:-1])
    try:
        if entry.kind is Kind.SYMLINK:
            _remove(names[-1], parent)
            os.symlink(entry.target, names[-1], dir_fd=parent)
        elif entry.kind is Kind.HARD_LINK:
            _hard_link(root, parent, names, entry)
        elif entry.kind is Kind.FILE:
            return _file(parent, names[-1], entry, left)
        return 0
    finally:
        os.close(parent)


def _names(name: str) -> list[str]:
    names = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or ".." in names or "\0" in name:
        raise _unsafe(name, "leads out")
    return names


def _hard_link(root: int, parent: int, names: list[str], entry: Entry) -> None:
    source = _names(entry.target)
    if not source:
        raise _unsafe(entry.name, "a link to nothing")
    folder = _folders(root, source[:-1])
    try:
        status = os.stat(source[-1], dir_fd=folder, follow_symlinks=False)
        if not stat.S_ISREG(status.st_mode):
            raise _unsafe(entry.name, "a link to something that is no file")
        if source != names:
            _remove(names[-1], parent)
            os.link(source[-1], names[-1], src_dir_fd=folder, dst_dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        raise _unsafe(entry.name, "a link to nothing") from None
    finally:
        os.close(folder)


def _file(parent: int, name: str, entry: Entry, left: int) -> int:
    assert entry.content is not None
    with entry.content() as source:
        _remove(name, parent)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(name, flags, 0o600 | (entry.mode & 0o777) or 0o644, dir_fd=parent)
        written = 0
        with os.fdopen(descriptor, "wb") as target:
            while data := source.read(_PIECE):
                written += len(data)
                if written > left:
                    sentence = f"The archive's files are more than {MOST_BYTES >> 30} GB together."
                    raise CoterieError(ErrorCode.TOO_BIG, sentence)
                target.write(data)
        return written


def _folders(root: int, names: list[str]) -> int:
    """Open the folder below the root, made as needed, never through a link."""
    here = os.open(".", _FOLDER, dir_fd=root)
    for name in names:
        try:
            try:
                below = os.open(name, _FOLDER, dir_fd=here)
            except FileNotFoundError:
                os.mkdir(name, dir_fd=here)
                below = os.open(name, _FOLDER, dir_fd=here)
        except OSError as error:
            if error.errno in (errno.ENOTDIR, errno.ELOOP):
                raise _unsafe("/".join(names), "goes through something that is no folder") from None
            raise
        finally:
            os.close(here)
        here = below
    return here


def _remove(name: str, parent: int) -> None:
    """Make room for a file. A folder of that name stays, and is an error."""
    try:
        os.unlink(name, dir_fd=parent)
    except FileNotFoundError:
        return


def _stays(names: list[str], target: str) -> bool:
    """Whether a link at `names` that says `target` stays below the folder that is unpacked into."""
    if target.startswith("/") or "\0" in target:
        return False
    depth = len(names) - 1
    for name in target.split("/"):
        depth += -1 if name == ".." else 0 if name in ("", ".") else 1
        if depth < 0:
            return False
    return True


def _unsafe(name: str, why: str) -> CoterieError:
    sentence = f"The archive has something in it that would not be safe to unpack: “{name[:200]}”."
    return CoterieError(ErrorCode.ARCHIVE_UNSAFE, sentence, why)
