"""The history of a document against its file: restored where the file is as it was left, reconciled where it is not.

Copies of different epochs have nothing in common and are never merged. Within an epoch a foreign change of the file is
turned into edits of what the file held before, so that it merges with what was typed since as any two edits do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pycrdt import merge_updates

from coterie.wire.errors import CoterieError
from coterie.wire.ids import new_id
from coterie.workspace.documents.encoding import MAX_TEXT, too_long
from coterie.workspace.documents.forks import Fork, fork
from coterie.workspace.documents.replica import EMPTY, BrokenError, Replica
from coterie.workspace.documents.store import Author, Disk, Epoch, Rebased, Record, Shape, State, Updates
from coterie.workspace.documents.text import edits
from coterie.workspace.documents.update import UpdateError


@dataclass
class History:
    """A document as its log and its file make it."""

    epoch: str
    replica: Replica = field(default_factory=Replica)
    authors: dict[int, Author] = field(default_factory=dict)
    rebased: dict[str, Rebased] = field(default_factory=dict)
    base: bytes = EMPTY
    """The document as the file holds it, as one update."""
    digest: bytes = b""
    """Of the bytes that a file which is gone held last."""
    shape: Shape | None = None
    """How the file was written last."""
    records: list[Record] = field(default_factory=list)
    """What is to be appended to the log, or for a new history all of it."""
    overwritten: str | None = None
    """The text before a foreign change of the file, None when there was none."""
    doubtful: bool = False
    """Whether the log alone does not tell which of several saves that change came after."""


def begin(text: str, digest: bytes) -> History:
    """Return a new history that begins with the file's text."""
    replica = Replica.beginning(text)
    replica.watch()
    epoch = new_id()
    records: list[Record] = [Epoch(epoch), State(replica.state), Disk(digest)]
    return History(epoch, replica, base=replica.state, records=records)


def restore(records: Sequence[Record], text: str, digest: bytes, *, held: bytes = b"") -> History:
    """Return the history in a log, in agreement with a file that holds `text`.

    `held`: the digest of what the document's file held last where the log does not tell which of several saves was
    done, b"" when that is not known.

    Raises ValueError for a log without a beginning, BrokenError for one that cannot be applied.
    """
    history, updates, points = _read(records)
    # A save that was killed halfway is recognised by the bytes it was about to write. Bytes from before the last save
    # are another program's: a branch that was checked out again, say.
    candidates = _candidates(points)
    history.doubtful = len(candidates) > 1
    known = [index for index, (_, disk) in enumerate(candidates) if disk.digest == held]
    candidates = candidates[known[-1] if known else 0 :]
    for count, disk in reversed(candidates):
        if disk.digest == digest:
            history.base = _state(updates, count, disk)
            if not disk.written:
                history.records.append(Disk(digest, state=history.base))
            return history
    if history.replica.text == text:
        # However it got there: taking it for a foreign change would double what was typed.
        history.base = history.replica.state
        history.records.append(Disk(digest))
        return history
    bases = candidates[:1] if known else candidates
    _reconcile(history, [_state(updates, count, disk) for count, disk in bases], text, digest)
    return history


def recall(records: Sequence[Record]) -> History:
    """Return the history in a log whose file is gone: what the file held last is its base.

    Raises ValueError for a log without a beginning, BrokenError for one that cannot be applied.
    """
    history, updates, points = _read(records)
    if points:
        count, disk = _candidates(points)[0]
        history.base, history.digest = _state(updates, count, disk), disk.digest
    return history


def _read(records: Sequence[Record]) -> tuple[History, list[bytes], list[tuple[int, Disk]]]:
    """The history in a log, its updates, and what the file held after how many of them."""
    if not records or not isinstance(records[0], Epoch):
        raise ValueError("a log without an epoch")
    updates: list[bytes] = []
    points: list[tuple[int, Disk]] = []
    history = History(records[0].epoch)
    for record in records:
        match record:
            case State(update):
                updates.append(update)
            case Updates(several):
                updates.extend(several)
            case Disk():
                if record.state:
                    # What it has and the log not was about to follow when the server was killed.
                    updates.append(record.state)
                points.append((len(updates), record))
            case Author(client):
                history.authors[client] = record
            case Rebased(identity):
                history.rebased[identity] = record
            case Shape():
                history.shape = record
            case Epoch():
                pass
    history.replica = Replica(updates)
    history.replica.watch()
    return history, updates, points


def salvage(records: Sequence[Record]) -> str:
    """Return the text of a log that holds updates which the document refuses, without those."""
    good: list[bytes] = []
    replica = Replica()
    for record in records:
        for update in [record.update] if isinstance(record, State) else getattr(record, "updates", ()):
            try:
                replica.accept(update, replica.check(update))
                replica.settle()
                good.append(update)
            except (UpdateError, BrokenError):
                replica = Replica(good)
    return replica.text


def foreign(base: bytes, text: str, size: int = 0) -> Fork:
    """Return how `base` becomes `text`. `size`: bytes of the text that this is merged into.

    Raises CoterieError(TOO_BIG) when that would become longer than a text may be.
    """
    made = fork(base, lambda old: edits(old, text))
    if made.growth > 0 and size + made.growth > MAX_TEXT:
        raise too_long()
    return made


def _candidates(points: list[tuple[int, Disk]]) -> list[tuple[int, Disk]]:
    """What the file may have held before it was changed: the last finished save, or a later unfinished one."""
    for index in range(len(points) - 1, -1, -1):
        if points[index][1].written:
            return points[index:]
    return points


def _state(updates: Sequence[bytes], count: int, disk: Disk) -> bytes:
    if disk.state:
        return disk.state
    return merge_updates(*updates[:count]) if count else EMPTY


def _reconcile(history: History, bases: list[bytes], text: str, digest: bytes) -> None:
    replica = history.replica
    history.overwritten = replica.text
    base = min(bases or [EMPTY], key=lambda state: _distance(Replica([state]).text, text))
    try:
        made = foreign(base, text, replica.size)
    except CoterieError:
        # Both do not fit: what was not saved stays as a version.
        base = replica.state
        made = foreign(base, text)
    history.base = made.state
    for _, update in made.portions:
        replica.accept(update, replica.check(update))
    history.records += [Disk(digest, state=history.base), *(Updates([update]) for _, update in made.portions)]


def _distance(old: str, new: str) -> tuple[int, int]:
    """How much was inserted, and removed: a copy that explains more of a text comes first, or that would be doubled."""
    changed = edits(old, new, words=True)
    return sum(len(edit.text) for edit in changed), sum(edit.end - edit.start for edit in changed)
