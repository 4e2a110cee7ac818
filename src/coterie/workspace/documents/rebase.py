"""A three-way merge of texts, for what was typed on a copy that has no history in common with the document.

Nothing is ever inserted twice: what somebody typed may have arrived before the copy was cut off, so an insertion that
looks as if it were there already is left out. What is left out is the caller's to keep.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import NamedTuple

from coterie.workspace.documents.text import Edit, edits

_WORD = re.compile(r"\w+")

_REACH = 80
"""Characters around an insertion in which the same words make it look as if it were there already."""


class Rebased(NamedTuple):
    """Edits of the current text, in order and apart, and whether they carry over everything."""

    edits: list[Edit]
    whole: bool


def rebase(base: str, mine: str, theirs: str) -> Rebased:
    """Carry the changes from `base` to `mine` over to `theirs`."""
    if mine in (base, theirs):
        return Rebased([], whole=True)
    changed = edits(base, theirs, words=True)
    starts = [edit.start for edit in changed]
    moves = _moves(changed)
    result: list[Edit] = []
    whole = True
    for edit in edits(base, mine, words=True):
        first = bisect_right(starts, edit.start)
        while first > 0 and changed[first - 1].end >= edit.start:
            first -= 1
        last = first
        while last < len(changed) and changed[last].start <= edit.end:
            last += 1
        near = changed[first:last]
        if edit in near:
            continue
        carried = None
        if not any(_same_words(edit.text, other.text) for other in _around(changed, starts, edit)):
            carried = _carry(edit, near, moves[first], moves[last])
        if carried is None:
            whole = False
        else:
            result.extend(carried)
    return Rebased(result, whole)


def _around(changed: list[Edit], starts: list[int], edit: Edit) -> list[Edit]:
    """The changes near `edit`: the same typing can be placed a little differently by two comparisons."""
    reach = _REACH + len(edit.text)
    last = bisect_right(starts, edit.end + reach)
    first = last
    while first > 0 and changed[first - 1].end >= edit.start - reach:
        first -= 1
    return changed[first:last]


def _moves(changed: list[Edit]) -> list[int]:
    """By how much text after the first n changes has moved."""
    moves = [0]
    for edit in changed:
        moves.append(moves[-1] + len(edit.text) - (edit.end - edit.start))
    return moves


def _carry(edit: Edit, near: list[Edit], before: int, after: int) -> list[Edit] | None:
    """`edit` in the changed text, `near` being the changes that touch it; None when it does not fit."""
    if not near:
        return [Edit(edit.start + before, edit.end + before, edit.text)]
    if not edit.text:
        if any(other.text and other.end > edit.start and other.start < edit.end for other in near):
            return None
        return _deletions(edit, near, before)
    if any(_alike(edit.text, other.text) for other in near):
        return None
    if len(near) > 1 or (edit.start < near[0].end and near[0].start < edit.end):
        return None
    other = near[0]
    if other.start < edit.start < other.end:
        return None
    if edit.start >= other.end:
        return [Edit(edit.start + after, edit.end + after, edit.text)]
    return [Edit(edit.start + before, edit.end + before, edit.text)]


def _deletions(edit: Edit, near: list[Edit], before: int) -> list[Edit]:
    """The parts of the stretch that `edit` removes and that are still there."""
    result: list[Edit] = []
    at, move = edit.start, before
    for other in near:
        end = min(other.start, edit.end)
        if end > at:
            result.append(Edit(at + move, end + move, ""))
        at = max(at, other.end)
        move += len(other.text) - (other.end - other.start)
    if edit.end > at:
        result.append(Edit(at + move, edit.end + move, ""))
    return result


def _alike(one: str, other: str) -> bool:
    """Whether two insertions at one place may be the same typing, in part."""
    if not one or not other:
        return False
    return one[0] == other[0] or one[-1] == other[-1] or one in other or other in one


def _same_words(one: str, other: str) -> bool:
    return not set(_WORD.findall(one)).isdisjoint(_WORD.findall(other))
