"""Differences between texts: what they have in common, and the smallest edits that turn one into another."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Sequence
from typing import NamedTuple

_WORDS = re.compile(r"\w+|\s+|.", re.DOTALL)
_LINES = re.compile(r"[^\n]*\n|[^\n]+")

_MOST_DIFFERENCES = 200
"""Beyond this many differences between two stretches without a unique common element they are replaced whole: the
search takes time and memory that grow with the square."""


_AT_ONCE = 32 << 10
"""Characters that are compared or split, and elements that are counted, in one go: no other thread runs meanwhile."""

_MOST_WORDS_IN = 512 << 10
"""Characters of two stretches without a common line beyond which their words are not compared: finding them cannot be
interrupted, and nobody else in the program is heard meanwhile."""


class Edit(NamedTuple):
    """Replace characters `start` to `end` of the old text by `text`."""

    start: int
    end: int
    text: str


class Match(NamedTuple):
    """`length` equal elements, from `old` in the one sequence and from `new` in the other."""

    old: int
    new: int
    length: int


def edits(old: str, new: str, *, words: bool = False) -> list[Edit]:
    """Return the edits that turn `old` into `new`, in order and apart from each other.

    Lines are compared first, then the words in lines that differ, so that cursors and unchanged words stay. With
    `words` a word is never cut: one that changed is replaced whole.
    """
    if old == new:
        return []
    before = _common_prefix(old, new)
    after = _common_suffix(old, new, min(len(old), len(new)) - before)
    if words:
        before, after = old.rfind("\n", 0, before) + 1, _after_line(old, len(old) - after)
    result: list[Edit] = []
    middle, changed = old[before : len(old) - after], new[before : len(new) - after]
    for edit in _by(_split(_LINES, middle), _split(_LINES, changed)):
        inner_old = middle[edit.start : edit.end]
        if inner_old and edit.text and len(inner_old) + len(edit.text) > _MOST_WORDS_IN:
            whole = Edit(before + edit.start, before + edit.end, edit.text)
            result.append(whole if words else _trimmed(inner_old, Edit(0, len(inner_old), edit.text), whole.start))
        elif inner_old and edit.text:
            for change in _by(_split(_WORDS, inner_old), _split(_WORDS, edit.text)):
                at = before + edit.start
                if words:
                    result.append(Edit(at + change.start, at + change.end, change.text))
                else:
                    result.append(_trimmed(inner_old, change, at))
        else:
            result.append(Edit(before + edit.start, before + edit.end, edit.text))
    return result


def apply(text: str, changes: Sequence[Edit]) -> str:
    """Return `text` with `changes` made."""
    parts: list[str] = []
    at = 0
    for edit in changes:
        parts.append(text[at : edit.start])
        parts.append(edit.text)
        at = edit.end
    parts.append(text[at:])
    return "".join(parts)


def matches(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[Match]:
    """Return what two sequences have in common, in order; adjacent matches are joined."""
    found: list[Match] = []
    _match(old, 0, len(old), new, 0, len(new), found)
    joined: list[Match] = []
    for match in found:
        if joined:
            last = joined[-1]
            if last.old + last.length == match.old and last.new + last.length == match.new:
                joined[-1] = Match(last.old, last.new, last.length + match.length)
                continue
        joined.append(match)
    return joined


def _after_line(text: str, at: int) -> int:
    """Characters from the end of the line that `at` is in to the end of `text`."""
    end = text.find("\n", at)
    return len(text) - end - 1 if end >= 0 else 0


def _split(pattern: re.Pattern[str], text: str) -> list[str]:
    """The matches of a pattern that leaves nothing out."""
    found: list[str] = []
    at, size = 0, _AT_ONCE
    while at < len(text):
        some: list[str] = pattern.findall(text, at, at + size)
        at += size
        if at < len(text):
            # The last one may be cut: it is looked at again, from its beginning.
            at -= len(some.pop())
            size = _AT_ONCE if some else 2 * size
        found += some
    return found


def _by(old: list[str], new: list[str]) -> list[Edit]:
    result: list[Edit] = []
    at_old = at_new = start = 0
    for match in [*matches(old, new), Match(len(old), len(new), 0)]:
        removed = sum(map(len, old[at_old : match.old]))
        added = "".join(new[at_new : match.new])
        if removed or added:
            result.append(Edit(start, start + removed, added))
        start += removed + sum(map(len, old[match.old : match.old + match.length]))
        at_old, at_new = match.old + match.length, match.new + match.length
    return result


def _trimmed(old: str, edit: Edit, offset: int) -> Edit:
    """`edit` of `old` without the characters at its ends that stay the same, moved by `offset`."""
    gone = old[edit.start : edit.end]
    before = _common_prefix(gone, edit.text)
    after = _common_suffix(gone, edit.text, min(len(gone), len(edit.text)) - before)
    text = edit.text[before : len(edit.text) - after]
    return Edit(offset + edit.start + before, offset + edit.end - after, text)


def _common_prefix(one: str, other: str) -> int:
    low, high = 0, min(len(one), len(other))
    while low + _AT_ONCE <= high and one[low : low + _AT_ONCE] == other[low : low + _AT_ONCE]:
        low += _AT_ONCE
    high = min(low + _AT_ONCE, high)
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _common_suffix(one: str, other: str, most: int) -> int:
    low, high = 0, most
    a, b = len(one), len(other)
    while low + _AT_ONCE <= high and one[a - low - _AT_ONCE : a - low] == other[b - low - _AT_ONCE : b - low]:
        low += _AT_ONCE
    high = min(low + _AT_ONCE, high)
    while low < high:
        middle = (low + high + 1) // 2
        if one[a - middle : a - low] == other[b - middle : b - low]:
            low = middle
        else:
            high = middle - 1
    return low


def _match(
    a: Sequence[Hashable], a0: int, a1: int, b: Sequence[Hashable], b0: int, b1: int, found: list[Match]
) -> None:
    """Find matches of a[a0:a1] and b[b0:b1]: equal ends, then elements unique on both sides, then the rest."""
    begin_a, begin_b = a0, b0
    while a0 < a1 and b0 < b1 and a[a0] == b[b0]:
        a0, b0 = a0 + 1, b0 + 1
    if a0 > begin_a:
        found.append(Match(begin_a, begin_b, a0 - begin_a))
    tail = 0
    while a0 < a1 and b0 < b1 and a[a1 - 1] == b[b1 - 1]:
        a1, b1, tail = a1 - 1, b1 - 1, tail + 1
    if a0 < a1 and b0 < b1:
        anchors = _unique(a, a0, a1, b, b0, b1)
        if anchors:
            for old, new in anchors:
                # An earlier stretch may have grown over this anchor.
                if old < a0 or new < b0:
                    continue
                _match(a, a0, old, b, b0, new, found)
                found.append(Match(old, new, 1))
                a0, b0 = old + 1, new + 1
            _match(a, a0, a1, b, b0, b1, found)
        else:
            _shortest(a, a0, a1, b, b0, b1, found)
    if tail:
        found.append(Match(a1, b1, tail))


def _unique(a: Sequence[Hashable], a0: int, a1: int, b: Sequence[Hashable], b0: int, b1: int) -> list[tuple[int, int]]:
    """Pairs of equal elements that occur once on each side, the longest run of them that is in order (patience)."""
    count_a, count_b = _count(a, a0, a1), _count(b, b0, b1)
    place = {b[at]: at for at in range(b0, b1) if count_b[b[at]] == 1}
    pairs = [(at, place[a[at]]) for at in range(a0, a1) if count_a[a[at]] == 1 and a[at] in place]
    # A brace or a space that happens to be the only one says less about what belongs together than a word.
    pairs = [pair for pair in pairs if _telling(a[pair[0]])] or pairs
    tails: list[int] = []
    piles: list[int] = []
    previous: list[int] = []
    for index, (_, new) in enumerate(pairs):
        pile = bisect_left(tails, new)
        previous.append(piles[pile - 1] if pile else -1)
        if pile == len(tails):
            tails.append(new)
            piles.append(index)
        else:
            tails[pile] = new
            piles[pile] = index
    run: list[tuple[int, int]] = []
    index = piles[-1] if piles else -1
    while index >= 0:
        run.append(pairs[index])
        index = previous[index]
    return run[::-1]


def _count(elements: Sequence[Hashable], start: int, end: int) -> Counter[Hashable]:
    counts: Counter[Hashable] = Counter()
    for at in range(start, end, _AT_ONCE):
        counts.update(elements[at : min(at + _AT_ONCE, end)])
    return counts


def _telling(element: Hashable) -> bool:
    return not isinstance(element, str) or any(map(str.isalnum, element))


def _shortest(
    a: Sequence[Hashable], a0: int, a1: int, b: Sequence[Hashable], b0: int, b1: int, found: list[Match]
) -> None:
    """Myers' shortest edit script (1986), given up beyond `_MOST_DIFFERENCES`."""
    n, m = a1 - a0, b1 - b0
    reach = {1: 0}
    trace: list[dict[int, int]] = []
    for d in range(min(n + m, _MOST_DIFFERENCES) + 1):
        trace.append(dict(reach))
        for k in range(-d, d + 1, 2):
            x = reach[k + 1] if k == -d or (k != d and reach[k - 1] < reach[k + 1]) else reach[k - 1] + 1
            y = x - k
            while x < n and y < m and a[a0 + x] == b[b0 + y]:
                x, y = x + 1, y + 1
            reach[k] = x
            if x >= n and y >= m:
                _trace_back(trace, n, m, a0, b0, found)
                return


def _trace_back(trace: list[dict[int, int]], x: int, y: int, a0: int, b0: int, found: list[Match]) -> None:
    runs: list[Match] = []
    for d in range(len(trace) - 1, -1, -1):
        reach, k = trace[d], x - y
        down = k == -d or (k != d and reach[k - 1] < reach[k + 1])
        before = reach[k + 1] if down else reach[k - 1] + 1
        start = before if d else 0
        if x > start:
            runs.append(Match(a0 + start, b0 + start - k, x - start))
        x, y = (before, before - k - 1) if down else (before - 1, before - k)
    found.extend(reversed(runs))
