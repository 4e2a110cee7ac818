"""Differences are right, small, and quick enough for any pair of texts."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coterie.workspace.documents import text as differences
from coterie.workspace.documents.rebase import rebase
from coterie.workspace.documents.text import Edit, apply, edits

texts = st.text("ab \n", max_size=40)


@given(texts, texts, st.booleans())
def test_edits_turn_one_text_into_the_other(old: str, new: str, words: bool) -> None:
    found = edits(old, new, words=words)
    assert apply(old, found) == new
    for one, following in pairwise(found):
        assert one.end <= following.start


@given(texts, texts, st.booleans(), st.integers(1, 7))
def test_in_pieces_the_same_is_found(old: str, new: str, words: bool, at_once: int) -> None:
    found = edits(old, new, words=words)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(differences, "_AT_ONCE", at_once)
        assert edits(old, new, words=words) == found


def test_edits_touch_only_what_differs() -> None:
    old = "def add(a, b):\n    return a + b\n\n\ndef twice(a):\n    return add(a, a)\n"
    new = old.replace("a + b", "a - b").replace("twice", "double")
    assert edits(old, new) == [Edit(28, 29, "-"), Edit(38, 42, "doubl")]


def test_large_texts_take_no_time() -> None:
    chance = random.Random(1)
    old = [f"line {chance.random()}\n" for _ in range(50_000)]
    new = [f"{chance.random()}\n" if chance.random() < 0.03 else line for line in old]
    unlike = "".join(f"{chance.randrange(9)}\n" for _ in range(20_000))
    began = time.process_time()
    assert apply("".join(old), edits("".join(old), "".join(new))) == "".join(new)
    assert apply(unlike, edits(unlike, "".join(old))) == "".join(old)
    assert time.process_time() - began < 5


def words_in(text: str) -> list[str]:
    return re.findall(r"\d+", text)


@pytest.mark.timeout(300)
@settings(max_examples=600)
@given(st.data())
def test_a_rebase_loses_and_doubles_no_word(data: st.DataObject) -> None:
    fresh = (f" {count}{'.,;:!?'[count % 6]}" for count in range(1000))

    def changed(text: list[str], words: Iterator[str] = fresh) -> list[str]:
        text = list(text)
        for _ in range(data.draw(st.integers(0, 4))):
            at = data.draw(st.integers(0, len(text)))
            if data.draw(st.booleans()):
                text[at:at] = [next(words) for _ in range(data.draw(st.integers(1, 3)))]
            else:
                del text[at : at + data.draw(st.integers(1, 3))]
        return text

    start = [next(fresh) for _ in range(data.draw(st.integers(0, 12)))]
    common = changed(start)
    base, mine = "".join(start), "".join(changed(common))
    # Part of what was typed here may have arrived before the connection was lost.
    theirs = "".join(changed(common if data.draw(st.booleans()) else start))
    done = rebase(base, mine, theirs)
    result = apply(theirs, done.edits)
    found = words_in(result)
    assert len(found) == len(set(found))
    assert set(words_in(theirs)) - set(words_in(base)) <= set(found)
    if done.whole:
        assert set(words_in(mine)) - set(words_in(base)) <= set(found)
    again = words_in(apply(result, rebase(base, mine, result).edits))
    assert len(again) == len(set(again))


def test_a_rebase_joins_changes_in_different_places() -> None:
    base = "one\ntwo\nthree\n"
    done = rebase(base, "ONE\ntwo\nthree\n", "one\ntwo\nTHREE\n")
    assert done.whole
    assert apply("one\ntwo\nTHREE\n", done.edits) == "ONE\ntwo\nTHREE\n"


def test_a_rebase_says_what_does_not_fit() -> None:
    assert not rebase("the red house", "the blue house", "the green house").whole
    assert rebase("a b", "a c b", "a c b").edits == []


@pytest.mark.parametrize("words", [False, True])
def test_long_stretches_are_replaced_whole(words: bool) -> None:
    old = "same\n" + "old words " * 60_000 + "\nend"
    new = "same\n" + "new words " * 60_000 + "\nend"
    (edit,) = edits(old, new, words=words)
    assert apply(old, [edit]) == new
    assert edit.start >= len("same\n")
    assert edit.end <= len(old) - len("end")
