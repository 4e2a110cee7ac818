"""Messages between a workspace server and the machine's init: JSON with descriptors attached, over a Unix stream.

A frame is a length (4 bytes, big-endian) and that much JSON. A frame whose object has `"fd": true` carries one
descriptor, attached to its first byte; descriptors arrive in the order of such frames.
"""

from __future__ import annotations

import array
import json
import socket
from typing import Any

MAXIMUM = 1 << 20
"""Bytes of JSON in one frame."""

Message = dict[str, Any]


class BrokenError(Exception):
    """The other side is gone, or sent what is not a frame."""


def frame(message: Message) -> bytes:
    """Return `message` as bytes for the wire."""
    body = json.dumps(message).encode()
    if len(body) > MAXIMUM:
        raise BrokenError("frame too long")
    return len(body).to_bytes(4, "big") + body


def send(sock: socket.socket, message: Message, fd: int = -1) -> None:
    """Send one frame on a blocking socket, with a descriptor unless `fd` is -1."""
    data = frame(message if fd < 0 else {**message, "fd": True})
    ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))] if fd >= 0 else []
    sent = sock.sendmsg([data], ancillary)
    if sent < len(data):
        sock.sendall(data[sent:])


class Reader:
    """Cuts what arrives on a socket into messages, each with its descriptor (-1: none)."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._bytes = bytearray()
        self._fds: list[int] = []

    def read(self) -> list[tuple[Message, int]]:
        """Take what has arrived and return the messages that are complete.

        Raises BrokenError at the end of the stream or for what is not a frame, BlockingIOError when nothing is there.
        """
        size = array.array("i").itemsize
        try:
            data, ancillary, _, _ = self._socket.recvmsg(65536, socket.CMSG_SPACE(16 * size))
        except ConnectionError as error:
            raise BrokenError(str(error)) from None
        for level, kind, content in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                fds = array.array("i")
                fds.frombytes(content[: len(content) - len(content) % size])
                self._fds.extend(fds)
        if not data:
            raise BrokenError("closed")
        self._bytes += data
        return self._cut()

    def _cut(self) -> list[tuple[Message, int]]:
        messages: list[tuple[Message, int]] = []
        while len(self._bytes) >= 4:
            length = int.from_bytes(self._bytes[:4], "big")
            if length > MAXIMUM:
                raise BrokenError("frame too long")
            if len(self._bytes) < 4 + length:
                break
            try:
                message = json.loads(bytes(self._bytes[4 : 4 + length]))
            except ValueError as error:
                raise BrokenError(str(error)) from None
            del self._bytes[: 4 + length]
            if not isinstance(message, dict) or (message.get("fd") and not self._fds):
                raise BrokenError("not a message")
            messages.append((message, self._fds.pop(0) if message.get("fd") else -1))
        return messages
