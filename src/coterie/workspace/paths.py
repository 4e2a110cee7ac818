"""The one way to the workspace's files: no path, link or race leads out of their root.

In the process driver this is the only wall between a person who may read files and the host, so every file operation
of the workspace server goes through `Root`. Names are resolved one by one from directory descriptors; the kernel does
it in one call where it has openat2, and what it refuses is looked at name by name, because an absolute link may still
point into the files as the machine's processes see them.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from coterie.wire.errors import CoterieError, ErrorCode

_MOST_LINKS = 40
"""As the kernel's own limit (path_resolution(7))."""

_LONGEST = 4096
"""Bytes of a whole path (PATH_MAX)."""

_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC

_SYS_OPENAT2 = 437
_RESOLVE_NO_MAGICLINKS, _RESOLVE_BENEATH = 0x02, 0x08
_OPEN_HOW_SIZE = struct.calcsize("QQQ")
_RENAME_NOREPLACE = 1

_libc = ctypes.CDLL(None, use_errno=True)
_LINUX = sys.platform == "linux"


def parts(path: str) -> list[str]:
    """Return the names in a path as it travels: relative, with `/`, empty for the root.

    Raises CoterieError(INVALID) for one that is absolute, climbs, or cannot be a path at all.
    """
    names = [name for name in path.split("/") if name not in ("", ".")]
    try:
        size = len(path.encode())
    except UnicodeEncodeError:
        size = _LONGEST + 1
    if path.startswith("/") or ".." in names or "\0" in path or size > _LONGEST:
        raise CoterieError(ErrorCode.INVALID, "That is not a path in this workspace.", repr(path[:200]))
    return names


def travels(path: str) -> bool:
    """Whether a path can be said at all: one that is not UTF-8 can be neither shown nor remembered."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def problem(error: OSError, path: str) -> CoterieError:
    """Return what to tell a person about a failed operation on `path`."""
    code, sentence = _PROBLEMS.get(error.errno or 0, (ErrorCode.INTERNAL, "“{}” could not be used: {}."))
    return CoterieError(code, sentence.format(path or "/", os.strerror(error.errno or 0).lower()), repr(error))


_OUTSIDE = "“{}” leads out of the workspace's files and is not followed."
_FULL = "The disk is full. “{}” was left as it was. Delete something and try again."
_PROBLEMS = {
    errno.ENOENT: (ErrorCode.NOT_FOUND, "There is no “{}”. It may have been moved or deleted."),
    errno.EEXIST: (ErrorCode.EXISTS, "“{}” already exists. Choose another name."),
    errno.ENOTEMPTY: (ErrorCode.EXISTS, "“{}” already exists and is not empty."),
    errno.ENOTDIR: (ErrorCode.INVALID, "“{}” is not a folder, or goes through something that is not."),
    errno.EISDIR: (ErrorCode.INVALID, "“{}” is a folder."),
    errno.EACCES: (ErrorCode.FORBIDDEN, "The machine does not permit that for “{}”. Look at its mode."),
    errno.EPERM: (ErrorCode.FORBIDDEN, "The machine does not permit that for “{}”. Look at its mode."),
    errno.EROFS: (ErrorCode.FORBIDDEN, "“{}” is on a disk that cannot be written to."),
    errno.ENAMETOOLONG: (ErrorCode.INVALID, "That name is too long."),
    errno.EINVAL: (ErrorCode.INVALID, "“{}” cannot be put there."),
    errno.ELOOP: (ErrorCode.OUTSIDE, _OUTSIDE),
    errno.EXDEV: (ErrorCode.OUTSIDE, _OUTSIDE),
    errno.ENOSPC: (ErrorCode.DISK_FULL, _FULL),
    errno.EDQUOT: (ErrorCode.DISK_FULL, _FULL),
    errno.EFBIG: (ErrorCode.TOO_BIG, "“{}” would become larger than the machine allows."),
    errno.EMFILE: (ErrorCode.UNAVAILABLE, "The machine has too many files open. End programs that are not needed."),
    errno.ENFILE: (ErrorCode.UNAVAILABLE, "The machine has too many files open. End programs that are not needed."),
}


class Root:
    """A folder that nothing leads out of. `shown` is the same folder as the machine's processes see it.

    Methods take paths as they travel (see `parts`), raise CoterieError, block only for the file system, and may be
    called from any thread. Descriptors they return are the caller's to close.
    """

    def __init__(self, folder: Path, shown: str = "") -> None:
        self.folder = Path(os.path.realpath(folder))
        self._fd = os.open(self.folder, _FOLDER)
        self._prefixes = {PurePosixPath(self.folder), PurePosixPath(folder)} | (
            {PurePosixPath(shown)} if shown else set()
        )

    def close(self) -> None:
        """Let go of the folder."""
        os.close(self._fd)

    def open(self, path: str, flags: int, mode: int = 0o666) -> int:
        """Open `path` with flags as for os.open; links are followed while they stay inside."""
        names = parts(path)
        flags |= os.O_CLOEXEC
        if (fd := _openat2(self._fd, "/".join(names) or ".", flags, mode)) is not None:
            return fd
        try:
            return self._walk(names, flags, mode)[0]
        except OSError as error:
            raise problem(error, path) from None

    def open_file(self, path: str, flags: int = os.O_RDONLY, mode: int = 0o666) -> int:
        """Open a regular file. Raises CoterieError(INVALID) for a folder, a device, a socket or a pipe."""
        fd = self.open(path, flags | os.O_NONBLOCK, mode)
        kind = os.fstat(fd).st_mode
        if stat.S_ISREG(kind):
            os.set_blocking(fd, True)
            return fd
        os.close(fd)
        if stat.S_ISDIR(kind):
            raise problem(IsADirectoryError(errno.EISDIR, ""), path)
        raise CoterieError(ErrorCode.INVALID, f"“{path}” is not a file that can be opened.", oct(kind))

    def open_folder(self, path: str) -> int:
        """Open a folder for reading its names and for the `dir_fd` of os functions."""
        return self.open(path, os.O_RDONLY | os.O_DIRECTORY)

    @contextmanager
    def parent(self, path: str) -> Iterator[tuple[int, str]]:
        """Give the descriptor of the folder that holds `path`, and the last name: for creating, renaming, deleting.

        The last name is not followed where it is a link. OSError inside becomes CoterieError about `path`.
        """
        names = parts(path)
        if not names:
            raise CoterieError(ErrorCode.INVALID, "The workspace's own folder cannot be changed.")
        fd = self.open("/".join(names[:-1]), _FOLDER)
        try:
            yield fd, names[-1]
        except OSError as error:
            raise problem(error, path) from None
        finally:
            os.close(fd)

    def stat(self, path: str) -> os.stat_result:
        """Return what `path` is, links followed."""
        fd = self.open(path, getattr(os, "O_PATH", os.O_RDONLY | os.O_NONBLOCK))
        try:
            return os.fstat(fd)
        finally:
            os.close(fd)

    def resolve(self, path: str) -> str:
        """Return the path of what `path` leads to, without links: two names of one file resolve to the same.

        The last name need not exist.
        """
        names = parts(path)
        try:
            fd, found = self._walk(names, getattr(os, "O_PATH", os.O_RDONLY | os.O_NONBLOCK), 0)
        except FileNotFoundError:
            if not names:
                raise problem(FileNotFoundError(errno.ENOENT, ""), path) from None
            try:
                fd, found = self._walk(names[:-1], _FOLDER, 0)
            except OSError as error:
                raise problem(error, path) from None
            found = [*found, names[-1]]
        except OSError as error:
            raise problem(error, path) from None
        os.close(fd)
        return "/".join(found)

    def rename(self, source: str, target: str) -> None:
        """Move `source` to `target`. Raises CoterieError(EXISTS) when there is something."""
        with self.parent(source) as (from_fd, from_name), self.parent(target) as (to_fd, to_name):
            try:
                os.stat(from_name, dir_fd=from_fd, follow_symlinks=False)
            except OSError as error:
                raise problem(error, source) from None
            rename_new(from_fd, from_name, to_fd, to_name)

    def _walk(self, names: list[str], flags: int, mode: int) -> tuple[int, list[str]]:
        """Open name by name; return the descriptor and the names without links. Raises OSError, EXDEV for outside."""
        opened: list[int] = []
        found: list[str] = []
        todo = names[::-1]
        links = 0
        try:
            while todo:
                name = todo.pop()
                if name in ("", "."):
                    continue
                if name == "..":
                    if not opened:
                        raise OSError(errno.EXDEV, "climbs out")
                    os.close(opened.pop())
                    found.pop()
                    continue
                here = opened[-1] if opened else self._fd
                target = _link(name, here)
                if target is not None:
                    links += 1
                    if flags & os.O_EXCL and not todo:
                        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
                    if links > _MOST_LINKS:
                        raise OSError(errno.ELOOP, "too many links")
                    if target.startswith("/"):
                        inside = self._inside(target)
                        while opened:
                            os.close(opened.pop())
                        found.clear()
                        target = inside
                    todo.extend(reversed(target.split("/")))
                elif any(part not in ("", ".") for part in todo):
                    opened.append(os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=here))
                    found.append(name)
                else:
                    return os.open(name, flags | os.O_NOFOLLOW, mode, dir_fd=here), [*found, name]
            return os.open(".", flags & ~os.O_CREAT, mode, dir_fd=opened[-1] if opened else self._fd), found
        finally:
            for fd in opened:
                os.close(fd)

    def _inside(self, target: str) -> str:
        """The part of an absolute link's target below the root. Raises OSError(EXDEV) when it is elsewhere."""
        for prefix in self._prefixes:
            try:
                return str(PurePosixPath(target).relative_to(prefix))
            except ValueError:
                continue
        raise OSError(errno.EXDEV, "leads outside")


def rename_new(from_fd: int, from_name: str, to_fd: int, to_name: str) -> None:
    """Rename unless something has the new name. Raises FileExistsError and other OSError."""
    renameat2 = getattr(_libc, "renameat2", None)
    if renameat2 is not None:
        if renameat2(from_fd, os.fsencode(from_name), to_fd, os.fsencode(to_name), _RENAME_NOREPLACE) == 0:
            return
        code = ctypes.get_errno()
        if code not in (errno.ENOSYS, errno.EINVAL):
            raise OSError(code, os.strerror(code))
    # A file system without RENAME_NOREPLACE: looking first leaves a moment in which another program's file is replaced.
    try:
        os.stat(to_name, dir_fd=to_fd, follow_symlinks=False)
    except FileNotFoundError:
        os.rename(from_name, to_name, src_dir_fd=from_fd, dst_dir_fd=to_fd)
    else:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))


def _link(name: str, fd: int) -> str | None:
    """What the link `name` says, None when it is no link or is not there."""
    try:
        return os.readlink(name, dir_fd=fd)
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.ENOENT):
            return None
        raise


def _openat2(fd: int, path: str, flags: int, mode: int) -> int | None:
    """Open below `fd` in one system call; None whenever that fails, so that the walk finds out why."""
    if not _LINUX:
        return None
    how = struct.pack("QQQ", flags, mode if flags & os.O_CREAT else 0, _RESOLVE_BENEATH | _RESOLVE_NO_MAGICLINKS)
    opened = _libc.syscall(_SYS_OPENAT2, fd, os.fsencode(path), how, _OPEN_HOW_SIZE)
    return int(opened) if opened >= 0 else None
