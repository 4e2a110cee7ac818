"""How many versions are kept, and which are thinned."""

from __future__ import annotations

import random
import sqlite3

import pytest

from coterie.workspace.documents import history
from coterie.workspace.documents.history import MOST, History, Kind


@pytest.fixture
def kept() -> History:
    return History(sqlite3.connect(":memory:"))


def noise(size: int, seed: int) -> str:
    """A text that cannot be compressed to much less than `size` bytes."""
    return random.Random(seed).randbytes(size // 2).hex()


def test_versions_of_a_file_are_bounded_in_number(kept: History) -> None:
    named = kept.add("a", "the named one", Kind.KEPT, name="Ada's text", now=0.0)
    for minute in range(MOST + 100):
        kept.add("a", f"text {minute}", Kind.TYPED, now=60.0 * (minute + 1))
    versions = kept.all("a")
    assert len(versions) == MOST
    assert [one.time for one in versions[: MOST // 2]] == [60.0 * (MOST + 100 - n) for n in range(MOST // 2)], (
        "the newest half is untouched"
    )
    assert named in {one.id for one in versions}, "one with a name outlives those without"


def test_versions_of_a_file_are_bounded_in_size(kept: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST_BYTES", 100_000)
    for number in range(30):
        kept.add("a", noise(20_000, number), Kind.TYPED, now=60.0 * number)
    versions = kept.all("a")
    (size,) = kept._database.execute("SELECT sum(length(data)) FROM versions").fetchone()
    assert 0 < size <= 100_000
    assert versions[0].time == 60.0 * 29
    kept.add("a", noise(400_000, 99), Kind.TYPED, now=9999.0)
    assert [one.time for one in kept.all("a")] == [9999.0], "the newest is kept, however large"


def test_versions_of_all_files_are_bounded_oldest_first(kept: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST_BYTES_OF_ALL", 100_000)
    for number in range(30):
        kept.add(f"file {number}", noise(20_000, number), Kind.TYPED, now=60.0 * number)
    left = [number for number in range(30) if kept.all(f"file {number}")]
    assert left == list(range(min(left), 30)), "the oldest went first"
    assert 4 <= len(left) <= 12


def test_what_is_typed_within_a_minute_is_one_version(kept: History) -> None:
    """Also when the document is closed and opened again meanwhile, each time with a version of its own."""
    kept.add("a", "as it was", Kind.TYPED, now=1000.0)
    for second, who in ((0, "Ada"), (20, "Ben"), (59, "Ada")):
        kept.add("a", f"text of second {second}", Kind.TYPED, authors=(who,), now=1000.0 + second)
    kept.add("a", "a minute later", Kind.TYPED, authors=("Ben",), now=1060.0)
    kept.add("a", "the clock was set back", Kind.TYPED, authors=("Ben",), now=500.0)
    found = [(kept.text("a", one.id), one.authors, one.size) for one in reversed(kept.all("a"))]
    assert found == [
        ("as it was", (), 9),
        ("text of second 59", ("Ada", "Ben"), 17),
        ("a minute later", ("Ben",), 14),
        ("the clock was set back", ("Ben",), 22),
    ]


def test_an_event_names_the_text_before_it(kept: History) -> None:
    kept.add("a", "one", Kind.TYPED, authors=("Ada",), now=100.0)
    # Overwritten twice within the event; a second file whose text is the newest version already; a third without any.
    for text in ("two", "three"):
        kept.add("a", text, Kind.OVERWRITTEN, now=200.0)
    kept.add("b", "same", Kind.TYPED, authors=("Ben",), now=100.0)
    for document in ("a", "b", "c"):
        kept.name_event(document, 150.0, "main checked out")
    assert [(one.kind, one.name, kept.text("a", one.id)) for one in kept.all("a")] == [
        (Kind.OVERWRITTEN, "", "three"),
        (Kind.EVENT, "main checked out", "two"),
        (Kind.TYPED, "", "one"),
    ]
    newest = kept.all("b")[0]
    assert (newest.kind, newest.name, newest.authors) == (Kind.EVENT, "main checked out", ("Ben",))
    assert kept.text("b", newest.id) == "same"
    assert kept.all("c") == []


def test_a_copy_has_versions_up_to_a_number(kept: History) -> None:
    first = kept.add("a", "one", Kind.TYPED, authors=("Ada",), now=100.0)
    kept.add("a", "two", Kind.KEPT, name="kept", now=200.0)
    kept.copy("a", "b", first)
    (copy,) = kept.all("b")
    assert (copy.time, copy.authors, kept.text("b", copy.id)) == (100.0, ("Ada",), "one")
    assert len(kept.all("a")) == 2
