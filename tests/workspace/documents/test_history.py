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
