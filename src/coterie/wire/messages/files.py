"""Files: listing, watching and changing the tree. Contents travel over HTTP. Paths are relative, with `/`."""

from __future__ import annotations

from enum import StrEnum

from coterie.wire.capabilities import Capability
from coterie.wire.messages.base import ClientMessage, Record, ServerMessage, needs


class FileKind(StrEnum):
    """What a name in a folder is; a link is shown as what it points to while that is inside the machine's files."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    """A symbolic link that leads nowhere or out of the files."""
    OTHER = "other"


class FileEntry(Record):
    """One name in a folder. `size` in bytes, `modified` in Unix seconds."""

    name: str
    kind: FileKind
    size: int = 0
    modified: float = 0.0
    ignored: bool = False
    """Whether git ignores it."""


@needs(Capability.FILE_READ)
class FileList(ClientMessage):
    """Ask for the names in a folder (empty: the root)."""

    request: int
    path: str


@needs(Capability.FILE_READ)
class FileWatch(ClientMessage):
    """The folders this tab shows; replaces what it said before."""

    folders: list[str]


@needs(Capability.FILE_READ)
class FileFind(ClientMessage):
    """Ask for files whose path contains the characters of `query` in order, best first."""

    request: int
    query: str
    limit: int = 50


@needs(Capability.FILE_WRITE)
class FileCreate(ClientMessage):
    """Create an empty file or a folder; an existing one is an error."""

    request: int
    path: str
    folder: bool = False


@needs(Capability.FILE_WRITE)
class FileMove(ClientMessage):
    """Rename or move; an existing target is an error."""

    request: int
    source: str
    target: str


@needs(Capability.FILE_WRITE)
class FileDelete(ClientMessage):
    """Delete a file, or a folder with all in it."""

    request: int
    path: str


class FileListing(ServerMessage):
    """Answer to FileList, folders first, then by name."""

    request: int
    path: str
    entries: list[FileEntry]


class FileFound(ServerMessage):
    """Answer to FileFind."""

    request: int
    paths: list[str]


class FilesChanged(ServerMessage):
    """Folders among those watched whose names changed: list them again."""

    folders: list[str]
