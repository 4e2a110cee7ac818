"""What output has switched on is known at every place, however the output is cut into pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.workspace.terminals.modes import Modes, Tracker, clean_title
from tests.workspace.terminals.test_ring import FRAGMENTS


def after(*parts: bytes) -> Tracker:
    tracker = Tracker()
    for part in parts:
        tracker.feed(part)
    return tracker


@given(st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.binary(max_size=8)), max_size=40), st.data())
def test_pieces_make_no_difference(fragments: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(fragments)
    at_once = after(whole)
    pieces = []
    position = 0
    while position < len(whole):
        size = data.draw(st.integers(1, 9))
        pieces.append(whole[position : position + size])
        position += size
    in_pieces = after(*pieces)
    assert in_pieces.modes == at_once.modes
    assert in_pieces.title == at_once.title
    assert in_pieces.whole == at_once.whole


@pytest.mark.parametrize("leave", [b"\x1b[?1049l", b"\x1b[?47l", b"\x1b[?1047l", b"\x1bc"])
def test_leaving_the_alternate_screen_by_any_way_leaves_it(leave: bytes) -> None:
    tracker = after(b"\x1b[?1049h")
    assert tracker.modes.alternate
    tracker.feed(leave)
    assert not tracker.modes.alternate


def test_what_vim_switches_on_is_in_the_preamble() -> None:
    tracker = after(b"\x1b[?1049h\x1b[?1h\x1b=\x1b[?2004h\x1b[?25l\x1b[?1000;1006h\x1b[1;23r")
    preamble = tracker.modes.preamble()
    for wanted in (b"?1047h", b"?1h", b"\x1b=", b"?2004h", b"?25l", b"?1000h", b"?1006h", b"[1;23r", b"?1003l"):
        assert wanted in preamble
    assert after(preamble.replace(b"?1047h", b"?1049h")).modes == tracker.modes


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=30))
def test_a_preamble_restores_the_modes_from_any_others(fragments: list[bytes]) -> None:
    modes = after(*fragments).modes
    disturbed = after(b"\x1b[?1003h\x1b[?1h\x1b[?7l\x1b=\x1b(0\x1b[3;9r", b"\x1b[?1049h", modes.preamble()).modes
    assert disturbed.alternate == modes.alternate
    assert disturbed.private - {47, 1047, 1049} == modes.private - {47, 1047, 1049}
    assert (disturbed.keypad, disturbed.drawing, disturbed.region) == (modes.keypad, modes.drawing, modes.region)


def test_equal_modes_are_one_object() -> None:
    tracker = after(b"\x1b[?25l")
    modes = tracker.modes
    tracker.feed(b"\x1b[?25l\x1b[31mtext\x1b>\x1b(B\x1b[r")
    assert tracker.modes is modes


def test_a_soft_reset_stays_on_the_screen_it_is_on() -> None:
    assert after(b"\x1b[?1049h\x1b[?25l\x1b[!p").modes.alternate
    assert after(b"\x1b[?25l\x1b[?1h\x1b[!p").modes == Modes()


@pytest.mark.parametrize(
    ("output", "title"),
    [
        (b"\x1b]0;build\x07", "build"),
        (b"\x1b]2;build\x1b\\", "build"),
        ("\x1b]2;ünïcode 漢\x07".encode(), "ünïcode 漢"),
        (b"\x1b]2;one\x07\x1b]0;two\x07", "two"),
        (b"\x1b]1;icon\x07", ""),
        (b"\x1b]2;" + b"x" * 5000 + b"\x07", ""),
        (b"\x1b]2;never finished", ""),
        (b"\x1b]2;a\x18b\x07", ""),
        ("\x1b]2;\u202eevil\u2066 \x85name\x07".encode(), "evil name"),
        (b"\x1b]2;" + b"y" * 500 + b"\x07", "y" * 120),
        (b"\x1b]2;bad \xff\xfe utf\x07", "bad \ufffd\ufffd utf"),
    ],
)
def test_titles_are_bounded_and_clean(output: bytes, title: str) -> None:
    assert clean_title(after(output).title) == title
    assert clean_title(after(*(bytes([byte]) for byte in output)).title) == title


def test_an_endless_string_costs_no_memory() -> None:
    tracker = after(b"\x1b]52;c;")
    for _ in range(1000):
        tracker.feed(b"A" * 16384)
    assert len(tracker._unfinished) <= 4096
    assert not tracker.whole
    tracker.feed(b"\x07\x1b[?25l")
    assert tracker.whole
    assert 25 not in tracker.modes.private
