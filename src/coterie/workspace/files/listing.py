"""What is in a folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection

from coterie.wire.errors import CoterieError, ErrorCode
from coterie.wire.messages.files import FileEntry, FileKind
from coterie.workspace.documents.disk import TEMPORARY
from coterie.workspace.paths import Root, problem

MOST_NAMES = 20_000
"""Names in one folder that are shown; a larger one is an error, because no tree can show it."""

UPLOADING = ".coterie-upload"
"""How the names of files end while they are being uploaded. Nobody can open them, so they are in no listing."""


def entries(root: Root, path: str) -> list[FileEntry]:
    """Return the names in a folder, folders first, then by name as people sort. Blocks; raises CoterieError."""
    folder = root.open_folder(path)
    try:
        with os.scandir(folder) as names:
            found: list[FileEntry] = []
            for name in names:
                if name.name.endswith(UPLOADING) or name.name.startswith(TEMPORARY):
                    continue
                if len(found) == MOST_NAMES:
                    sentence = f"“{path or '/'}” has more than {MOST_NAMES} names. Look at it in a terminal."
                    raise CoterieError(ErrorCode.TOO_BIG, sentence)
                found.append(_entry(root, path, folder, name.name))
    except OSError as error:
        raise problem(error, path) from None
    finally:
        os.close(folder)
    return sorted(found, key=_order)


def mark_ignored(found: list[FileEntry], ignored: Collection[str]) -> None:
    """Mark the entries whose names git ignores."""
    for entry in found:
        entry.ignored = entry.name in ignored


def _entry(root: Root, path: str, folder: int, name: str) -> FileEntry:
    try:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return FileEntry(_shown(name), FileKind.OTHER)
    mode = status.st_mode
    if stat.S_ISLNK(mode):
        try:
            status = root.stat(f"{path}/{name}" if path else name)
        except CoterieError:
            return FileEntry(_shown(name), FileKind.LINK, 0, status.st_mtime)
        mode = status.st_mode
    if stat.S_ISDIR(mode):
        return FileEntry(_shown(name), FileKind.FOLDER, 0, status.st_mtime)
    kind = FileKind.FILE if stat.S_ISREG(mode) and _shown(name) == name else FileKind.OTHER
    return FileEntry(_shown(name), kind, status.st_size, status.st_mtime)


def _shown(name: str) -> str:
    """A name that is not UTF-8 cannot travel as it is: it is shown, and cannot be opened."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _order(entry: FileEntry) -> tuple[bool, str, str]:
    return entry.kind is not FileKind.FOLDER, entry.name.casefold(), entry.name
