"""Documents: opening, editing, saving and cursors.

`document` is a number that the server gives a room for as long as the room lives, the same for every connection, so
that a frame is built once for all. `update` and `state_vector` are Yjs bytes (v1), opaque to everything in between.
"""

from __future__ import annotations

from coterie.wire.capabilities import Capability
from coterie.wire.errors import ErrorCode
from coterie.wire.messages.base import ClientMessage, Record, ServerMessage, needs


class Version(Record):
    """A text that a file had. `time` in Unix seconds, `size` in characters."""

    version: int
    time: float
    kind: str
    """`typed`, `overwritten` (before another program's change), `event` (before a named event), `kept` (what did not
    fit), `restored` (before an older version was restored)."""
    name: str
    authors: list[str]
    size: int


class Writer(Record):
    """Who writes with a Yjs client number. `since` in Unix seconds; `user` is empty for what came from the disk."""

    client: int
    user: str
    name: str
    colour: int
    since: int


@needs(Capability.DOCUMENT_READ)
class DocumentOpen(ClientMessage):
    """Join the room of a file; with `epoch` and `state_vector` held from before, only what is missing comes back."""

    request: int
    path: str
    epoch: str = ""
    state_vector: bytes = b""
    client: int = 0
    """The Yjs client number this tab writes with: while it is here, nobody else can write with it. 0: none."""


@needs(Capability.DOCUMENT_READ)
class DocumentClose(ClientMessage):
    """Leave a room."""

    document: int


@needs(Capability.DOCUMENT_WRITE)
class DocumentEdit(ClientMessage):
    """A Yjs update by this person. `sequence` counts this connection's edits of the document from 1."""

    document: int
    sequence: int
    update: bytes


@needs(Capability.PRESENCE_WRITE)
class CursorMove(ClientMessage):
    """Where this person's cursor and selection are: relative positions, opaque to the server; empty: nowhere."""

    document: int
    cursor: bytes


@needs(Capability.DOCUMENT_WRITE)
class DocumentRebase(ClientMessage):
    """What this person typed on a copy of another epoch: `base` is what it last had in common with the server.

    `base` and `text` are UTF-8, deflated (zlib). `identity` makes asking twice the same as asking once.
    """

    request: int
    document: int
    identity: str
    base: bytes
    text: bytes


@needs(Capability.DOCUMENT_READ)
class DocumentCheck(ClientMessage):
    """This tab's text: bytes of UTF-8 and their CRC-32, at `state_vector`."""

    document: int
    state_vector: bytes
    size: int
    checksum: int


@needs(Capability.DOCUMENT_WRITE)
class DocumentRestore(ClientMessage):
    """Write the file of a document again that was deleted."""

    request: int
    document: int


@needs(Capability.DOCUMENT_READ)
class DocumentVersions(ClientMessage):
    """Ask for the versions of an open document."""

    request: int
    document: int


@needs(Capability.DOCUMENT_READ)
class DocumentVersion(ClientMessage):
    """Ask for the text of a version."""

    request: int
    document: int
    version: int


@needs(Capability.DOCUMENT_WRITE)
class DocumentRevert(ClientMessage):
    """Keep the text there is now as a version: this person makes an older one the text again, by an edit of theirs."""

    request: int
    document: int


@needs(Capability.DOCUMENT_READ)
class DocumentWriters(ClientMessage):
    """Ask who wrote the text: with the client numbers of its parts a page can tell for every line."""

    request: int
    document: int


@needs(Capability.DOCUMENT_READ)
class DocumentPage(ClientMessage):
    """Ask for a part of a text file that is too large to be edited; `offset` in bytes."""

    request: int
    path: str
    offset: int


class DocumentOpened(ServerMessage):
    """Answer to DocumentOpen. `update` is what the client lacks; it has lost nothing if `epoch` is the one it sent."""

    request: int
    document: int
    path: str
    epoch: str
    update: bytes
    state_vector: bytes
    """What the server has: the client sends whatever it holds beyond this."""
    writable: bool
    reason: str = ""
    """Why it is not writable, a sentence."""
    format: str = ""
    """Encoding and line ends in words."""


class DocumentUpdate(ServerMessage):
    """Somebody's edit: a Yjs update."""

    document: int
    update: bytes


class DocumentAck(ServerMessage):
    """This connection's edits up to `sequence` are in the update log."""

    document: int
    sequence: int


class DocumentRefused(ServerMessage):
    """An edit of this connection was not taken in, and none is that follows it until the document is opened again.

    Nothing is wrong with it: it takes the text past its bound (`too-big`) or is too large for a live edit (`limit`).
    The page brings its text with DocumentRebase, which finds out whether it fits.
    """

    document: int
    code: ErrorCode
    sentence: str


class DocumentSaved(ServerMessage):
    """The text is on disk, or why not: `problem` is empty or a sentence."""

    document: int
    saved: bool
    problem: str = ""


class DocumentMoved(ServerMessage):
    """The file is called otherwise now; the room goes on."""

    document: int
    path: str


class DocumentGone(ServerMessage):
    """The file was deleted, or (`gone` false) is there again. The text is kept; DocumentRestore writes it."""

    document: int
    gone: bool


class DocumentReset(ServerMessage):
    """The room begins a new history, or another file took its file's place: open the document again."""

    document: int
    kept: bool = False
    """What the server had of the text is a version already: only what it never had is to be carried over."""


class DocumentChecked(ServerMessage):
    """Answer to DocumentCheck: whether both have the same text. `comparable` is false while edits are on their way."""

    document: int
    comparable: bool
    same: bool


class DocumentRebased(ServerMessage):
    """Answer to DocumentRebase. `version` names the version that holds what did not fit, 0: everything did."""

    request: int
    version: int
    name: str = ""
    problem: str = ""
    """Why nothing was carried over, a sentence; empty when something was."""


class DocumentHistory(ServerMessage):
    """Answer to DocumentVersions, newest first."""

    request: int
    versions: list[Version]


class DocumentVersionText(ServerMessage):
    """Answer to DocumentVersion."""

    request: int
    text: str


class DocumentWrittenBy(ServerMessage):
    """Answer to DocumentWriters."""

    request: int
    writers: list[Writer]


class DocumentPaged(ServerMessage):
    """Answer to DocumentPage: whole lines where they are not overlong, from `offset` to `end` of `size` bytes."""

    request: int
    offset: int
    end: int
    size: int
    text: str


class CursorMoved(ServerMessage):
    """A person's cursor in a document; `connection` says whose."""

    document: int
    connection: int
    cursor: bytes
