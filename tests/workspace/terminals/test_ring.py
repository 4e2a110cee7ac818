"""The ring keeps the last output exactly, and is cut only where nothing is torn apart."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coterie.workspace.terminals.modes import Modes
from coterie.workspace.terminals.ring import CHUNK, Ring, _Chunk

pieces = st.lists(
    st.one_of(st.binary(min_size=1, max_size=40), st.integers(1, 3 * CHUNK).map(lambda n: b"x" * n)), max_size=60
)

FRAGMENTS = [
    b"plain ",
    "naïve 漢字 🎉".encode(),
    b"\x1b[31mred\x1b[0m",
    b"\x1b]0;title\x07",
    b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\",
    b"\x1bP1$r0m\x1b\\",
    b"\x1b[?1049h",
    b"\x1b[?25l\x1b[?2004h",
    b"\x1b(0qqq\x1b(B",
    b"\r\n",
    b"\x1b_G payload \x1b\\",
]


@given(pieces, st.integers(1, 5 * CHUNK))
def test_it_holds_the_end_of_everything_that_was_put_in(parts: list[bytes], size: int) -> None:
    ring = Ring(size)
    everything = b""
    for part in parts:
        ring.append(part)
        everything += part
        assert ring.head == len(everything)
        assert ring.read(ring.start, len(everything)) == everything[ring.start :]
        assert ring.head - ring.start <= size + max(CHUNK, len(part))


@given(pieces, st.data())
def test_reading_in_pieces_gives_the_same_as_reading_at_once(parts: list[bytes], data: st.DataObject) -> None:
    ring = Ring(4 * CHUNK)
    for part in parts:
        ring.append(part)
    position = data.draw(st.integers(ring.start, ring.head))
    whole = ring.read(position, ring.head - position)
    read = b""
    while position < ring.head:
        piece = ring.read(position, data.draw(st.sampled_from((700, CHUNK - 1, CHUNK, 3 * CHUNK))))
        assert piece
        read += piece
        position += len(piece)
    assert read == whole


@settings(max_examples=200)
@given(st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=60), st.data())
def test_a_cut_is_never_inside_a_sequence_or_a_character(fragments: list[bytes], data: st.DataObject) -> None:
    everything = b"".join(fragments)
    boundaries = set()
    position = 0
    for fragment in fragments:
        boundaries.add(position)
        position += len(fragment)
    boundaries.add(position)
    # Inside a fragment it may also be cut between its plain characters: after a sequence or a character has ended.
    ring = Ring(10 * len(everything) + CHUNK)
    position = 0
    while position < len(everything):
        size = data.draw(st.integers(1, 7))
        # As a whole chunk of its own, so that every place in the output becomes a place where it might be cut.
        ring._chunks.append(_chunk(ring, everything[position : position + size]))
        position += size
    for sequence in range(ring.head + 1):
        cut = ring.cut(sequence).sequence
        assert cut >= sequence
        before, after = everything[:cut], everything[cut:]
        assert _at_rest(before), (before[-20:], after[:20])


def _chunk(ring: Ring, data: bytes) -> _Chunk:

    chunk = _Chunk(ring.head, data, ring.tracker.modes, ring.tracker.whole)
    ring.tracker.feed(data)
    ring.head += len(data)
    return chunk


def _at_rest(output: bytes) -> bool:
    """Whether a simple state machine, byte by byte, is between sequences and characters after `output`."""
    state, need = "ground", 0
    for byte in output:
        if state == "ground":
            if byte == 0x1B:
                state = "escape"
            elif need:
                need -= 1
            elif byte >= 0xC0:
                need = 1 if byte < 0xE0 else 2 if byte < 0xF0 else 3
        elif state == "escape":
            if byte == ord("["):
                state = "csi"
            elif byte in b"]P_^X":
                state = "string"
            elif not 0x20 <= byte <= 0x2F:
                state = "ground"
        elif state == "csi":
            if 0x40 <= byte <= 0x7E:
                state = "ground"
        elif byte == 0x07:
            state = "ground"
        elif byte == 0x1B:
            state = "escape"
    return state == "ground" and not need


def test_reading_outside_is_an_error() -> None:
    ring = Ring(CHUNK)
    ring.append(b"x" * 3 * CHUNK)
    ring.append(b"y")
    with pytest.raises(LookupError):
        ring.read(0, 1)
    with pytest.raises(LookupError):
        ring.read(ring.head + 1, 1)


def test_a_ring_that_begins_inside_a_string_is_cut_at_the_escape_that_ends_it() -> None:
    ring = Ring(CHUNK)
    ring.append(b"\x1bP" + b"q" * 5 * CHUNK)
    ring.append(b"q" * 5 * CHUNK)
    assert ring.cut(ring.start).sequence == ring.head
    ring.append(b"qq\x1b\\after")
    assert ring.read(ring.cut(ring.start).sequence, 100) == b"\x1b\\after"
    assert ring.read(ring.start, ring.head - ring.start).endswith(b"qq\x1b\\after")


@pytest.mark.parametrize("end", [b"\x07", b"\x18", b"\x1a"])
def test_a_string_may_end_without_an_escape(end: bytes) -> None:
    ring = Ring(CHUNK)
    ring.append(b"\x1b]2;" + b"q" * 5 * CHUNK)
    ring.append(end)
    ring.append(b"z" * CHUNK)
    assert ring.read(ring.cut(ring.start).sequence, 4) == b"zzzz"


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=80))
def test_saved_and_restored_it_continues_as_if_nothing_had_happened(fragments: list[bytes]) -> None:
    ring = Ring(64)
    for fragment in fragments:
        ring.append(fragment)
    start, output, modes = ring.contents()
    restored = Ring.restored(start, output, modes, 64)
    assert restored.head == ring.head
    assert restored.tracker.modes == ring.tracker.modes
    assert restored.read(start, len(output)) == output


def test_small_outputs_are_joined() -> None:
    ring = Ring()
    for _ in range(CHUNK * 2):
        ring.append(b"x")
    assert len(ring._chunks) == 2


def test_modes_are_those_at_the_cut_not_those_at_the_end() -> None:
    ring = Ring(2 * CHUNK)
    ring.append(b"\x1b[?1049h" + b"a" * CHUNK)
    ring.append(b"b" * CHUNK)
    ring.append(b"\x1b[?1049l" + b"c" * CHUNK)
    cut = ring.cut(ring.start)
    assert cut.modes.alternate
    assert ring.tracker.modes == Modes()


def test_a_reader_may_begin_before_the_tail_where_it_cannot_begin_within() -> None:
    ring = Ring(1 << 20)
    ring.append(b"a" * 100)
    ring.append(b"b" * (80 << 10))
    ring.append("é".encode()[:1])
    ring.append("é".encode()[1:] + b"c" * (20 << 10))
    assert ring.cut(ring.head - (16 << 10)).sequence == ring.head
    assert 0 < ring.near(ring.head - (16 << 10), 1 << 20).sequence < ring.head
    assert ring.near(0, 1 << 20) == ring.cut(0)


def test_whoever_goes_on_near_the_end_sees_the_end() -> None:
    ring = Ring()
    for _ in range(5):
        ring.append(b"flood" * 40_000)
    ring.append(b"the end")
    wanted = ring.head - (64 << 10)
    near = ring.near(wanted, 1 << 20)
    assert ring.read(near.sequence, 1 << 20) == b"flood" * 40_000 + b"the end"
    assert ring.near(wanted, 1000).sequence == ring.head - len("the end"), "what is far back is not sent again"
