"""Reading a document: its file and its log, brought into agreement. Blocking; meant for a thread."""

from __future__ import annotations

import errno
import logging
from typing import NamedTuple

from coterie.workspace.documents import disk, encoding, epoch
from coterie.workspace.documents.disk import Content, Stamp
from coterie.workspace.documents.replica import BrokenError, Replica
from coterie.workspace.documents.store import Shape, Store, Updates, pack
from coterie.workspace.paths import Root, problem

log = logging.getLogger(__name__)

_PLAIN = Shape("utf-8", b"", "\n", b"", 0o644)


class Opened(NamedTuple):
    """What a document begins with: its history, and the file it belongs to as bytes, text and format."""

    history: epoch.History
    content: Content
    text: str
    style: encoding.Format


def read(root: Root, path: str, store: Store, held: bytes = b"") -> Opened:
    """Open a file and its log; `held`: the digest of what the document's file held last, b"" when that is not known.

    Raises CoterieError when there is no text file that can be edited, or no log.
    """
    try:
        content = disk.read(root, path)
        text, style = encoding.decode(content.data)
        return Opened(_history(store, text, content.digest, held), content, text, style)
    except OSError as error:
        raise problem(error, path) from error


def recall(_root: Root, path: str, store: Store) -> Opened:
    """Open the log of a file that is gone. Raises CoterieError when there is none that could be read."""
    try:
        return _recalled(epoch.recall(store.load()))
    except (ValueError, BrokenError) as error:
        raise problem(FileNotFoundError(errno.ENOENT, ""), path) from error
    except OSError as error:
        raise problem(error, path) from error


def recall_or_begin(_root: Root, path: str, store: Store) -> Opened:
    """Open the log of a file that is gone; where that is lost, too, begin a new history with what is left of it.

    Pages that had the file open bring what they have to that one. Raises CoterieError.
    """
    try:
        try:
            return _recalled(epoch.recall(store.load()))
        except (ValueError, BrokenError) as error:
            log.error("the log of a deleted file cannot be used, a new one begins: %s", error)
        history = epoch.begin(epoch.salvage(store.read()), b"")
        store.replace([pack(record) for record in history.records])
        return _recalled(history)
    except OSError as error:
        raise problem(error, path) from error


def _recalled(history: epoch.History) -> Opened:
    text, shape = Replica([history.base]).text, history.shape or _PLAIN
    style = encoding.Format.of(shape.encoding, shape.bom, shape.ending, shape.marks, text)
    return Opened(history, Content(b"", history.digest, Stamp(0, 0, 0, 0), shape.mode), text, style)


def _history(store: Store, text: str, digest: bytes, held: bytes) -> epoch.History:
    records = store.load()
    if records:
        try:
            history = epoch.restore(records, text, digest, held=held)
            # Here, or the document is not opened: see `Room.take`.
            store.append([pack(record) for record in history.records])
            if any(isinstance(record, Updates) for record in history.records):
                store.sync()
            return history
        except (ValueError, BrokenError) as error:
            log.error("a document's log cannot be used, a new one begins: %s", error)
    history = epoch.begin(text, digest)
    store.replace([pack(record) for record in history.records])
    return history
