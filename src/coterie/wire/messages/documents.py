"""Documents: opening, editing, saving and cursors.

`document` is a number that the server gives a room for as long as the room lives, the same for every connection, so
that a frame is built once for all. `update` and `state_vector` are Yjs bytes (v1), opaque to everything in between.
"""

from __future__ import annotations

from coterie.wire.capabilities import Capability
from coterie.wire.messages.base import ClientMessage, ServerMessage, needs


@needs(Capability.DOCUMENT_READ)
class DocumentOpen(ClientMessage):
    """Join the room of a file; with `epoch` and `state_vector` held from before, only what is missing comes back."""

    request: int
    path: str
    epoch: str = ""
    state_vector: bytes = b""


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


class DocumentUpdate(ServerMessage):
    """Somebody's edit: a Yjs update."""

    document: int
    update: bytes


class DocumentAck(ServerMessage):
    """This connection's edits up to `sequence` are in the update log."""

    document: int
    sequence: int


class DocumentSaved(ServerMessage):
    """The text is on disk, or why not: `problem` is empty or a sentence."""

    document: int
    saved: bool
    problem: str = ""


class CursorMoved(ServerMessage):
    """A person's cursor in a document; `connection` says whose."""

    document: int
    connection: int
    cursor: bytes
