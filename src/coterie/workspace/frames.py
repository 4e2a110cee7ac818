"""WebSocket frames, built once for every receiver (RFC 6455, 5.2; a server's frames are not masked)."""

from __future__ import annotations

from coterie.wire.messages import ServerMessage, encode

BINARY, CLOSE, PING = 0x82, 0x88, 0x89
"""First bytes of whole frames: FIN and the opcode."""

_LONGEST_REASON = 123
"""Bytes of UTF-8 that fit beside the code in a control frame's 125."""


def frame(message: ServerMessage) -> bytes:
    """Return the message as one binary frame, header included."""
    return binary(encode(message))


def binary(payload: bytes) -> bytes:
    """Return the bytes as one binary frame."""
    return header(len(payload)) + payload


def header(size: int) -> bytes:
    """Return what stands before `size` bytes in one binary frame."""
    if size < 126:
        return bytes((BINARY, size))
    if size < 1 << 16:
        return b"\x82\x7e" + size.to_bytes(2, "big")
    return b"\x82\x7f" + size.to_bytes(8, "big")


def close(code: int, reason: str) -> bytes:
    """Return a close frame; a reason that is too long is cut between characters."""
    text = reason.encode()[:_LONGEST_REASON].decode(errors="ignore").encode()
    payload = code.to_bytes(2, "big") + text
    return bytes((CLOSE, len(payload))) + payload
