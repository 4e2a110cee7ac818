"""Files on their way in: written beside what they replace, and gone when that does not come to be."""

from __future__ import annotations

import errno
import logging
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from coterie.wire.errors import CoterieError, ErrorCode
from coterie.workspace.files.listing import UPLOADING
from coterie.workspace.paths import Root

log = logging.getLogger(__name__)


class Uploads:
    """What is being uploaded. `notes` is a directory that no user process can see: before a file is begun it is noted
    there, for a server that is killed in the middle leaves it to the next one to remove. A note is a link that leads
    nowhere: it is made in one step, and a short one takes no room on a full disk.
    """

    def __init__(self, root: Root, notes: Path) -> None:
        self._root = root
        self._notes = notes

    def sweep(self) -> None:
        """Remove what an earlier server was killed over. Call it before the first upload."""
        for note in self._notes.glob("*"):
            try:
                with self._root.parent(os.fspath(note.readlink())) as (folder, _):
                    os.unlink(_beside(note.name), dir_fd=folder)
            except CoterieError as error:
                if error.code is not ErrorCode.NOT_FOUND:
                    log.warning("the rest of an upload cannot be removed: %s", error)
                    continue
            note.unlink()

    @contextmanager
    def replacing(self, path: str, before: os.stat_result | None) -> Iterator[int]:
        """Give a descriptor of a new file that takes the place of `path` at the end, and is gone after an exception.

        `before` is what it replaces, whose mode it takes over. Raises CoterieError.
        """
        token = secrets.token_hex(8)
        note, temporary = self._notes / token, _beside(token)
        with self._root.parent(path) as (folder, name):
            try:
                self._note(note, path)
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
                descriptor = os.open(temporary, flags, 0o666, dir_fd=folder)
                try:
                    yield descriptor
                    if before is not None:
                        os.fchmod(descriptor, stat.S_IMODE(before.st_mode))
                    os.fsync(descriptor)
                    os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
                except BaseException:
                    with suppress(FileNotFoundError):  # somebody removed it meanwhile
                        os.unlink(temporary, dir_fd=folder)
                    raise
                finally:
                    os.close(descriptor)
            finally:
                note.unlink(missing_ok=True)

    def _note(self, note: Path, path: str) -> None:
        try:
            self._notes.mkdir(exist_ok=True)
            note.symlink_to(path)
        except OSError as error:
            # What is written may be what makes room: a file that becomes smaller, or empty.
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise


def _beside(token: str) -> str:
    return f".{token}{UPLOADING}"
