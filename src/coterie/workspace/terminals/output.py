"""Frames of a terminal's output, which make up nearly all that a workspace server sends: never copied together."""

from __future__ import annotations

from coterie.wire.messages import encode
from coterie.wire.messages.terminals import TerminalOutput
from coterie.workspace.frames import header

_EMPTY = b"\xc4\x00"
"""No bytes, in MessagePack."""

_REST = len(encode(TerminalOutput(0, 0, b"")).partition(_EMPTY)[2])
"""Bytes of the message behind `data`; every field there has its default."""


def output_frame(terminal: int, sequence: int, data: bytes) -> tuple[bytes, bytes, bytes]:
    """Return what `frame(TerminalOutput(terminal, sequence, data))` returns in pieces, of which `data` is one."""
    message = encode(TerminalOutput(terminal, sequence, b""))
    before, rest = message[: -_REST - len(_EMPTY)], message[-_REST:]
    length = _length(len(data))
    return header(len(before) + len(length) + len(data) + _REST) + before + length, data, rest


def _length(size: int) -> bytes:
    # MessagePack's bin 8, bin 16 and bin 32.
    if size < 1 << 8:
        return bytes((0xC4, size))
    if size < 1 << 16:
        return b"\xc5" + size.to_bytes(2, "big")
    return b"\xc6" + size.to_bytes(4, "big")
