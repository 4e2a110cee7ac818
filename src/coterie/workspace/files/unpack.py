"""Uploaded archives, unpacked into a folder without believing them.

Nothing is written outside the folder, through a link, or as anything but a file, a folder or a link that stays inside;
sizes are counted as they are written, not as the archive states them.
"""

from __future__ import annotations

import asyncio
import errno
import os
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import IO, BinaryIO

from coterie.wire.errors import CoterieError, ErrorCode
from coterie.workspace.paths import problem

MOST_FILES = 200_000
MOST_BYTES = 20 << 30
"""Bytes of all files of one archive together."""

_PIECE = 256 << 10
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class _Entry:
    name: str
    folder: bool
    link: str | None
    mode: int
    open: Callable[[], IO[bytes]] | None


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
    spool.seek(0)
    is_zip = zipfile.is_zipfile(spool)
    spool.seek(0)
    count = written = 0
    try:
        for entry in _zip_entries(spool) if is_zip else _tar_entries(spool):
            count += 1
            if count > MOST_FILES:
                raise CoterieError(ErrorCode.TOO_BIG, f"The archive has more than {MOST_FILES} files.")
            written += _place(folder, entry, MOST_BYTES - written)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, NotImplementedError, RuntimeError) as error:
        sentence = "This is not an archive that can be read: zip, tar, tar.gz, tar.bz2 and tar.xz can."
        raise CoterieError(ErrorCode.ARCHIVE_UNREADABLE, sentence, repr(error)) from None
    except OSError as error:
        raise problem(error, path) from None
    return count


def _zip_entries(spool: BinaryIO) -> Iterator[_Entry]:
    with zipfile.ZipFile(spool) as archive:
        for info in archive.infolist():
            mode = info.external_attr >> 16
            if stat.S_ISLNK(mode):
                with archive.open(info) as file:
                    yield _Entry(info.filename, False, os.fsdecode(file.read(4096)), 0o777, None)
            else:
                yield _Entry(info.filename, info.is_dir(), None, stat.S_IMODE(mode), partial(archive.open, info))


def _tar_entries(spool: BinaryIO) -> Iterator[_Entry]:
    with tarfile.open(fileobj=spool, mode="r:*") as archive:
        for info in archive:
            if info.isdir() or info.isreg():
                yield _Entry(info.name, info.isdir(), None, info.mode & 0o777, partial(_member, archive, info))
            elif info.issym():
                yield _Entry(info.name, False, info.linkname, 0o777, None)
            elif info.islnk():
                yield _Entry(info.name, False, None, 0o666, partial(_member, archive, info))
            else:
                raise _unsafe(info.name, "a device or a pipe")


def _member(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(info)
    if file is None:
        raise tarfile.TarError(f"{info.name} has no content")
    return file


def _place(root: int, entry: _Entry, left: int) -> int:
    """Write one entry; return how many bytes it had."""
    names = [name for name in entry.name.replace("\\", "/").split("/") if name not in ("", ".")]
    if entry.name.startswith(("/", "\\")) or ".." in names or "\0" in entry.name:
        raise _unsafe(entry.name, "leads out")
    if not names:
        return 0
    if entry.link is not None and not _stays(names, entry.link):
        raise _unsafe(entry.name, "a link that leads out")
    parent = _folders(root, names[:-1] if not entry.folder else names)
    try:
        if entry.folder:
            return 0
        if entry.link is not None:
            _remove(names[-1], parent)
            os.symlink(entry.link, names[-1], dir_fd=parent)
            return 0
        return _file(parent, names[-1], entry, left)
    finally:
        os.close(parent)


def _file(parent: int, name: str, entry: _Entry, left: int) -> int:
    assert entry.open is not None
    with entry.open() as source:
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
