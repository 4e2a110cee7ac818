"""How much of a flood is taken in one turn of the event loop, and that all of it is passed on in order."""

from __future__ import annotations

import asyncio
import os

import pytest

from coterie.workspace.terminals.pty import LONG_TURN, TURN, Pty


@pytest.mark.parametrize(("typing", "most"), [(True, TURN), (False, LONG_TURN)])
async def test_turns_are_short_while_somebody_types(typing: bool, most: int) -> None:
    reading, writing = os.pipe()
    flood = os.urandom(60_000)
    os.write(writing, flood)
    pieces: list[bytes] = []
    whole = asyncio.Event()

    def output(piece: bytes) -> None:
        pieces.append(piece)
        if sum(map(len, pieces)) == len(flood):
            whole.set()

    pty = Pty(reading, output, lambda: typing)
    await asyncio.wait_for(whole.wait(), 30)
    assert b"".join(pieces) == flood
    assert len(pieces) == -(-len(flood) // most)
    assert max(map(len, pieces)) == min(most, len(flood))
    os.close(writing)
    await pty.finish()


async def test_what_is_left_at_the_end_is_put_out_whatever_a_turn_takes() -> None:
    reading, writing = os.pipe()
    pieces: list[bytes] = []
    pty = Pty(reading, pieces.append, lambda: True)
    pty.pause()
    os.write(writing, b"x" * 60_000)
    os.close(writing)
    await pty.finish()
    assert sum(map(len, pieces)) == 60_000
