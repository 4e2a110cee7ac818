"""Frames of output that are put together by hand are those that the encoder would make."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coterie.wire.messages.terminals import TerminalOutput
from coterie.workspace.frames import frame
from coterie.workspace.terminals.output import output_frame

BOUNDARIES = [0, 1, 90, 100, 125, 126, 255, 256, 65_400, 65_535, 65_536, 70_000]


@given(st.integers(0, 1 << 32), st.integers(0, 1 << 53), st.binary(max_size=300))
def test_as_encoded(terminal: int, sequence: int, data: bytes) -> None:
    assert b"".join(output_frame(terminal, sequence, data)) == frame(TerminalOutput(terminal, sequence, data))


@pytest.mark.parametrize("size", BOUNDARIES)
def test_as_encoded_at_the_boundaries_of_lengths(size: int) -> None:
    for near in range(max(0, size - 30), size + 3):
        data = b"x" * near
        assert b"".join(output_frame(7, 1 << 33, data)) == frame(TerminalOutput(7, 1 << 33, data))
