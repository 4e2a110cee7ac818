"""Creating, moving and deleting. All of it blocks, and raises CoterieError."""

from __future__ import annotations

import errno
import os
import shutil
import stat

from coterie.wire.errors import CoterieError, ErrorCode
from coterie.workspace.paths import Root, parts, problem


def create(root: Root, path: str, folder: bool) -> None:
    """Make an empty file or a folder, with the folders above it. Raises CoterieError(EXISTS)."""
    make_folders(root, "/".join(parts(path)[:-1]))
    with root.parent(path) as (parent, name):
        if folder:
            os.mkdir(name, dir_fd=parent)
        else:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            os.close(os.open(name, flags, 0o666, dir_fd=parent))


def make_folders(root: Root, path: str) -> None:
    """Make the folder and those above it that are not there."""
    names = parts(path)
    for depth in range(len(names), 0, -1):
        try:
            found = root.stat("/".join(names[:depth]))
        except CoterieError as error:
            if error.code is not ErrorCode.NOT_FOUND:
                raise
            continue
        if not stat.S_ISDIR(found.st_mode):
            raise problem(NotADirectoryError(errno.ENOTDIR, ""), "/".join(names[:depth]))
        break
    else:
        depth = 0
    for depth in range(depth + 1, len(names) + 1):  # noqa: B020 goes on from where the search ended
        with root.parent("/".join(names[:depth])) as (parent, name):
            try:
                os.mkdir(name, dir_fd=parent)
            except FileExistsError:
                # Made by somebody else in the meantime.
                continue


def move(root: Root, source: str, target: str) -> None:
    """Rename or move. Raises CoterieError(EXISTS), and INVALID for a folder into itself."""
    from_names, to_names = parts(source), parts(target)
    if from_names == to_names:
        return
    if to_names[: len(from_names)] == from_names:
        raise CoterieError(ErrorCode.INVALID, "A folder cannot be moved into itself.")
    make_folders(root, "/".join(to_names[:-1]))
    root.rename(source, target)


def delete(root: Root, path: str) -> None:
    """Delete a file, a link (not what it leads to), or a folder with all in it."""
    with root.parent(path) as (parent, name):
        status = os.stat(name, dir_fd=parent, follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode):
            shutil.rmtree(name, dir_fd=parent)
        else:
            os.unlink(name, dir_fd=parent)
