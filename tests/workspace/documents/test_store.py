"""A log recovers from every kind of end, and compacting never loses a record."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.workspace.documents.store import Author, Disk, Epoch, Record, State, Store, Updates, pack, unpack

RECORDS: list[Record] = [
    Epoch("e"),
    State(b"state"),
    Updates([b"one", b"two"]),
    Author(1, "u", "Ada", 2, 3),
    Disk(b"d" * 16),
    Updates([b"three"]),
]


def written(path: Path) -> Store:
    store = Store(path)
    assert store.load() == []
    store.append([pack(record) for record in RECORDS])
    return store


def test_what_is_appended_is_loaded(tmp_path: Path) -> None:
    written(tmp_path / "log").close()
    again = Store(tmp_path / "log")
    assert again.load() == RECORDS
    again.append([pack(Epoch("more"))])
    again.close()
    assert unpack((tmp_path / "log").read_bytes())[0] == [*RECORDS, Epoch("more")]


@given(cut=st.integers(0, 1000), tail=st.sampled_from([b"", b"\0" * 64, b"\xff" * 40]))
def test_a_torn_end_is_cut_off(tmp_path_factory: pytest.TempPathFactory, cut: int, tail: bytes) -> None:
    path = tmp_path_factory.mktemp("log") / "log"
    written(path).close()
    data = path.read_bytes()
    path.write_bytes(data[: cut % (len(data) + 1)] + tail)
    store = Store(path)
    found = store.load()
    assert found == RECORDS[: len(found)]
    store.append([pack(Epoch("after"))])
    store.close()
    again = Store(path)
    assert again.load() == [*found, Epoch("after")]
    again.close()


def test_a_damaged_record_ends_the_log_and_what_follows_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "log"
    written(path).close()
    data = bytearray(path.read_bytes())
    data[len(pack(RECORDS[0])) + 10] ^= 1
    path.write_bytes(data)
    store = Store(path)
    assert store.load() == RECORDS[:1]
    assert path.with_suffix(".damaged").read_bytes() == data[len(pack(RECORDS[0])) :]
    store.close()


def test_what_is_appended_while_compacting_stays(tmp_path: Path) -> None:
    store = written(tmp_path / "log")
    store.begin_compaction()
    store.append([pack(Updates([b"early"]))])
    store.write_compacted([pack(Epoch("e")), pack(State(b"all"))])
    store.append([pack(Updates([b"late"]))])
    store.end_compaction(written=True)
    store.append([pack(Updates([b"later"]))])
    store.close()
    again = Store(tmp_path / "log")
    assert again.load() == [Epoch("e"), State(b"all"), *(Updates([one]) for one in (b"early", b"late", b"later"))]
    again.close()


def test_a_full_disk_leaves_the_log_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = written(tmp_path / "log")
    size = (tmp_path / "log").stat().st_size

    def half(_fd: int, data: bytes, _at: int) -> int:
        monkeypatch.setattr("os.pwrite", full)
        with (tmp_path / "log").open("ab") as file:
            return file.write(data[: len(data) // 2])

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.pwrite", half)
    with pytest.raises(OSError, match="No space"):
        store.append([pack(Updates([b"x" * 100]))])
    assert (tmp_path / "log").stat().st_size == size
    monkeypatch.undo()
    store.append([pack(Epoch("room again"))])
    store.close()
    again = Store(tmp_path / "log")
    assert again.load()[-1] == Epoch("room again")
    again.close()
