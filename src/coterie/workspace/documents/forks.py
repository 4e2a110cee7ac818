"""Edits that are made away from a room, on a copy of its document, in portions that the room can take in one by one.

Finding and making them may take seconds and is meant for a thread; taking in a portion takes some milliseconds, so that
others are heard in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from pycrdt import StickyIndex

from coterie.workspace.documents.replica import Replica, in_bytes, make
from coterie.workspace.documents.text import Edit, apply
from coterie.workspace.documents.update import EVERYTHING, PIECE, Id, read

_EDITS, _CHARACTERS = 250, 8 * PIECE
"""Of a portion."""


class Portion(NamedTuple):
    """An update and the client number it writes with."""

    client: int
    update: bytes


class Fork(NamedTuple):
    """What was made on a copy: portions in order, and with them the text and the document as one update.

    `growth`: bytes of UTF-8 by which the text grew.
    """

    portions: list[Portion]
    text: str
    state: bytes
    growth: int


def fork(base: bytes, find: Callable[[str], list[Edit]]) -> Fork:
    """Make the edits that `find` finds for the text of the document `base`. Raises BrokenError."""
    one = Replica([base])
    text = one.text
    edits = find(text)
    changes = in_bytes(text, edits)
    long = any(len(edit.text) > PIECE for edit in changes)
    # Two in turn, so that the pieces of a long text stay apart (see `update.beginning`).
    writers = [one.document, Replica([base]).document] if long else [one.document]
    portions: list[Portion] = []
    for index, group in enumerate(_groups(changes)):
        writer = writers[index % len(writers)]
        update = make(writer, group)
        for other in writers:
            if other is not writer:
                other.apply_update(update)
        portions.append(Portion(writer.client_id, update))
    growth = sum(len(edit.text.encode()) - (edit.end - edit.start) for edit in changes)
    return Fork(portions, apply(text, edits), writers[0].get_update(), growth)


def impossible(state: bytes, updates: Sequence[bytes]) -> list[int]:
    """Return which of these updates, which `state` contains, say that they were typed between two places in the wrong
    order: no editor writes that, and what it means is not defined. Raises BrokenError.
    """
    document = Replica([state]).document
    wrong = []
    with document.transaction() as transaction:

        def place(client: int, clock: int) -> int:
            found = StickyIndex.from_json({"item": {"client": client, "clock": clock}, "assoc": 0})
            return found.get_index(transaction)

        for index, update in enumerate(updates):
            spans: list[tuple[Id, Id]] = []
            read(update, EVERYTHING, spans=spans)
            if any(left == right or place(*left) > place(*right) for left, right in spans):
                wrong.append(index)
    return wrong


def _groups(changes: Sequence[Edit]) -> Iterator[list[Edit]]:
    """`changes` from the last to the first, in groups that are each in order; long texts in pieces."""
    group: list[Edit] = []
    size = 0
    for change in reversed(changes):
        if len(change.text) > PIECE:
            if group:
                yield group[::-1]
            group, size = [], 0
            starts = range(0, len(change.text), PIECE)
            for at in reversed(starts):
                # All at one place: the last piece goes first, together with what is removed there.
                end = change.end if at == starts[-1] else change.start
                yield [Edit(change.start, end, change.text[at : at + PIECE])]
            continue
        group.append(change)
        size += len(change.text)
        if len(group) >= _EDITS or size >= _CHARACTERS:
            yield group[::-1]
            group, size = [], 0
    if group:
        yield group[::-1]
