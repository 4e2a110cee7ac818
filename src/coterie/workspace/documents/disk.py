"""A file's bytes on disk: read with what identifies them, replaced so that no moment shows half a file.

A file is replaced by exchanging names with a finished, synchronised copy (`renameat2`, RENAME_EXCHANGE): what another
program wrote at the last instant is then in hand and not lost; `inplace` is for files where that would change more than
their bytes. Blocking; meant for a thread.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import secrets
import stat
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from coterie.wire.errors import CoterieError, ErrorCode
from coterie.workspace.documents import inplace
from coterie.workspace.documents.encoding import MAX_TEXT
from coterie.workspace.paths import Root, parts

MAX_FILE = 4 * MAX_TEXT
"""Bytes of the largest file that may hold a text of that length: nothing but line ends, in UTF-16 with CRLF."""

TEMPORARY = ".coterie-saving-"
"""How the names of copies begin while a file is replaced; they exist for well under a millisecond."""

_RENAME_NOREPLACE, _RENAME_EXCHANGE = 1, 2
_AT_EMPTY_PATH = 0x1000
_STATX_BTIME, _BTIME_AT = 0x800, 80
_libc = ctypes.CDLL(None, use_errno=True)


class Stamp(NamedTuple):
    """What `stat` says of a file: any difference means that it is to be read again."""

    size: int
    modified: int
    """Nanoseconds."""
    inode: int
    born: int
    """When the file was made, nanoseconds, 0 where the file system does not tell. Inodes are used again at once."""


class Content(NamedTuple):
    """The bytes of a file and what identified it when they were read."""

    data: bytes
    digest: bytes
    stamp: Stamp
    mode: int


class Replaced(NamedTuple):
    """A file after `replace`: its new stamp, and what was there where that was not what the caller knew."""

    stamp: Stamp
    displaced: Content | None
    mode: int


class ChangedError(Exception):
    """The file is not as the caller knows it, or another one; nothing was written."""

    def __init__(self, content: Content) -> None:
        super().__init__("the file was changed by another program")
        self.content = content


def digest(data: bytes) -> bytes:
    """Return what stands for the bytes of a file in the log: 16 bytes of BLAKE2b."""
    return hashlib.blake2b(data, digest_size=16).digest()


def stamp(root: Root, path: str) -> Stamp | None:
    """Return the file's stamp, None when there is no such file (or no file there)."""
    try:
        fd = root.open(path, getattr(os, "O_PATH", os.O_RDONLY | os.O_NONBLOCK))
    except CoterieError:
        return None
    try:
        return _stamp(fd)
    finally:
        os.close(fd)


def read(root: Root, path: str) -> Content:
    """Return the file's bytes. Raises CoterieError: NOT_FOUND, OUTSIDE, INVALID, FORBIDDEN, TOO_BIG."""
    fd = root.open_file(path)
    with os.fdopen(fd, "rb") as file:
        return _content(file.fileno(), path)


def replace(
    root: Root,
    path: str,
    data: bytes,
    known: Stamp | None,
    known_digest: bytes,
    journal: Path,
    finished: Callable[[Stamp], None],
    mode: int = 0o644,
) -> Replaced:
    """Put `data` into the place of the file, which the caller knows as `known`; None: there is no file.

    Mode, owner and extended attributes stay; a new file has `mode`, and missing folders are made. A file with several
    names, or in a folder that cannot be written, is overwritten in place, by way of `journal`. `finished` is told which
    file is about to have the data: the copy that takes the file's place, or the file itself. Raises ChangedError, and
    CoterieError (NOT_FOUND when the file is gone, FORBIDDEN when its mode lets nobody write it).
    """
    if known is None:
        _make_folders(root, path)
    with root.parent(path) as (folder, name):
        if known is None:
            new = _write_new(folder, name, data, lambda fd: os.fchmod(fd, mode))
            _sync_folder(folder)
            return Replaced(new, None, mode)
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, dir_fd=folder)
        with os.fdopen(fd, "rb") as old:
            status = os.fstat(old.fileno())
            if _stamp(old.fileno()) != known:
                # Also with the same bytes: which file this one takes the place of is to be known before it does.
                raise ChangedError(_content(old.fileno(), path))
            mode = stat.S_IMODE(status.st_mode)
            # Whoever made a file read-only meant it, also where the machine's user is above modes.
            if not mode & 0o222 or not os.access(name, os.W_OK, dir_fd=folder):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            if status.st_nlink > 1 or not os.access(".", os.W_OK, dir_fd=folder):
                finished(known)
                inplace.overwrite(folder, name, path, data, journal)
                return Replaced(_stamp_of(folder, name), None, mode)
            copy = f"{TEMPORARY}{secrets.token_hex(8)}"
            new = _write_new(folder, copy, data, lambda fd: _dress(fd, old.fileno(), status))
            displaced = None
            try:
                finished(new)
                _exchange(folder, copy, name)
                with suppress(FileNotFoundError):
                    displaced = _displaced(folder, copy, path, known, known_digest)
            finally:
                with suppress(FileNotFoundError):
                    os.unlink(copy, dir_fd=folder)
        _sync_folder(folder)
        return Replaced(new, displaced, mode)


def _make_folders(root: Root, path: str) -> None:
    names = parts(path)[:-1]
    for depth in range(1, len(names) + 1):
        with root.parent("/".join(names[:depth])) as (folder, name), suppress(FileExistsError):
            os.mkdir(name, dir_fd=folder)


def _stamp_of(folder: int, name: str) -> Stamp:
    fd = os.open(name, getattr(os, "O_PATH", os.O_RDONLY) | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    try:
        return _stamp(fd)
    finally:
        os.close(fd)


def _stamp(fd: int) -> Stamp:
    status = os.fstat(fd)
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ino, born(fd))


def born(fd: int) -> int:
    """Return when the file was made, nanoseconds since 1970, 0 where that is not known."""
    statx = getattr(_libc, "statx", None)
    if statx is None:
        return int(getattr(os.fstat(fd), "st_birthtime", 0) * 1e9)
    found = ctypes.create_string_buffer(256)
    if statx(fd, b"", _AT_EMPTY_PATH, _STATX_BTIME, found) != 0:
        return 0
    seconds, nanoseconds = struct.unpack_from("=qI", found, _BTIME_AT)
    return int(seconds * 1_000_000_000 + nanoseconds)


def _content(fd: int, path: str) -> Content:
    # Stamped before it is read: a write in between gives another stamp later, never a stale content with a fresh one.
    before = _stamp(fd)
    read: list[bytes] = []
    size = 0
    while part := os.read(fd, 1 << 20):
        read.append(part)
        size += len(part)
        if size > MAX_FILE:
            raise CoterieError(ErrorCode.TOO_BIG, f"“{path}” holds more than {MAX_TEXT >> 20} MB of text.")
    data = b"".join(read)
    return Content(data, digest(data), before, stat.S_IMODE(os.fstat(fd).st_mode))


def _displaced(folder: int, copy: str, path: str, known: Stamp, known_digest: bytes) -> Content | None:
    fd = os.open(copy, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, dir_fd=folder)
    with os.fdopen(fd, "rb") as file:
        if _stamp(file.fileno()) == known:
            return None
        content = _content(file.fileno(), path)
    return content if content.digest != known_digest else None


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _write_new(folder: int, name: str, data: bytes, dress: Callable[[int], None]) -> Stamp:
    """Write a synchronised file and then call it `name`, which nothing else may be called; `dress` gives it the rest.

    It has no name until it is finished, where the file system can do that, so that a killed server leaves no litter;
    elsewhere another name. Raises FileExistsError.
    """
    draft = ""
    try:
        fd = os.open(".", os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600, dir_fd=folder)
    except (OSError, AttributeError):
        draft = f"{TEMPORARY}{secrets.token_hex(8)}"
        fd = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=folder)
    try:
        _write(fd, data)
        dress(fd)
        os.fsync(fd)
        if draft:
            _rename_new(folder, draft, name)
        else:
            # Through /proc, because linking by descriptor alone takes a privilege.
            os.link(f"/proc/self/fd/{fd}", name, dst_dir_fd=folder, follow_symlinks=True)
        return _stamp(fd)
    finally:
        os.close(fd)
        if draft:
            with suppress(FileNotFoundError):
                os.unlink(draft, dir_fd=folder)


def _dress(new: int, old: int, status: os.stat_result) -> None:
    """Give a file the owner, mode and attributes of another."""
    mine = os.fstat(new)
    if (mine.st_uid, mine.st_gid) != (status.st_uid, status.st_gid):
        with suppress(PermissionError):
            os.fchown(new, status.st_uid, status.st_gid)
    os.fchmod(new, status.st_mode & 0o7777)
    _copy_attributes(old, new)


def _copy_attributes(old: int, new: int) -> None:
    if not hasattr(os, "listxattr"):
        return
    with suppress(OSError):
        for attribute in os.listxattr(old):
            with suppress(OSError):
                os.setxattr(new, attribute, os.getxattr(old, attribute))


def _exchange(folder: int, copy: str, name: str) -> None:
    """Exchange two names; where the file system cannot, `copy` takes the place of `name`."""
    if not _rename(folder, copy, name, _RENAME_EXCHANGE):
        os.rename(copy, name, src_dir_fd=folder, dst_dir_fd=folder)


def _rename_new(folder: int, draft: str, name: str) -> None:
    """Rename a file without replacing another, by linking it where that is how it goes. Raises FileExistsError."""
    if _rename(folder, draft, name, _RENAME_NOREPLACE):
        return
    try:
        os.link(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP):
            raise
        # Neither exists here: there is a moment in which another program's file would be replaced.
        with suppress(FileNotFoundError):
            os.stat(name, dir_fd=folder, follow_symlinks=False)
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name) from None
        os.rename(draft, name, src_dir_fd=folder, dst_dir_fd=folder)


def _rename(folder: int, one: str, other: str, how: int) -> bool:
    """`renameat2`; False where there is none, or the file system cannot do it `how` it is asked to. Raises OSError."""
    renameat2 = getattr(_libc, "renameat2", None)
    if renameat2 is None:
        return False
    if renameat2(folder, os.fsencode(one), folder, os.fsencode(other), how) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL):
        return False
    raise OSError(code, os.strerror(code))


def _sync_folder(folder: int) -> None:
    # The descriptor of `Root.parent` may be O_PATH, which cannot be synchronised.
    with suppress(OSError):
        fd = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


__all__ = ["MAX_FILE", "ChangedError", "Content", "Replaced", "Stamp", "digest", "read", "replace", "stamp"]
