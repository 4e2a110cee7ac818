"""A WebSocket client that can also do everything wrong: it writes bytes as they are given."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, TypeVar

from coterie.wire.messages import ServerMessage, decode_server
from coterie.wire.messages.connection import Welcome
from tests.support.workspace import RunningWorkspace

M = TypeVar("M", bound=ServerMessage)
WITHIN = 20.0


class RawSocket:
    """One connection, handed to a workspace server; reads only when asked to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.connection = 0

    @classmethod
    async def open(cls, server: RunningWorkspace) -> RawSocket:
        """Connect and read Welcome."""
        self = cls(*await server.hand_over())
        self.connection = (await self.until(Welcome)).connection
        return self

    @staticmethod
    def header(size: int, first: int = 0x82) -> bytes:
        """The header of a masked frame, with a mask that changes nothing."""
        if size < 126:
            length = bytes((0x80 | size,))
        elif size < 1 << 16:
            length = b"\xfe" + size.to_bytes(2, "big")
        else:
            length = b"\xff" + size.to_bytes(8, "big")
        return bytes((first,)) + length + bytes(4)

    @classmethod
    def frame(cls, payload: bytes, first: int = 0x82) -> bytes:
        """A masked frame."""
        return cls.header(len(payload), first) + payload

    async def write(self, data: bytes) -> None:
        """Send bytes as they are. One that was closed by the other side takes nothing, silently."""
        self._writer.write(data)
        try:
            await self._writer.drain()
        except ConnectionError:
            return

    async def read_frame(self) -> tuple[int, bytes]:
        """Return the opcode and payload of the next frame."""
        async with asyncio.timeout(WITHIN):
            first, size = await self._reader.readexactly(2)
            if size > 125:
                size = int.from_bytes(await self._reader.readexactly(2 if size == 126 else 8), "big")
            return first & 15, await self._reader.readexactly(size)

    async def until(self, kind: type[M]) -> M:
        """Return the next message of this type."""
        while True:
            opcode, payload = await self.read_frame()
            if opcode == 2:
                message: Any = decode_server(payload)
                if isinstance(message, kind):
                    return message
            elif opcode == 8:
                raise AssertionError(f"closed: {payload!r}")

    async def closing(self) -> tuple[int, str]:
        """Read on until the close frame; return its code and reason, and close."""
        while True:
            opcode, payload = await self.read_frame()
            if opcode == 8:
                await self.close()
                return int.from_bytes(payload[:2], "big"), payload[2:].decode()

    async def close(self) -> None:
        """Let go of the connection."""
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()
