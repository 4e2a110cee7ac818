"""Bytes carried between client and workspace server where a socket cannot be passed: TLS in the hub, other hosts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import cast

from coterie.hub.gate.link import CUT_AFTER, Link
from coterie.wire.closing import Closing

FLUSH_WITHIN = 5.0
"""Seconds that one side has for taking what is on its way when the other ends."""


class Splice:
    """One carried connection. A registry's `Connection`."""

    def __init__(self, *, workspace: str, grant: str, user: str, login: str, ended: Callable[[Splice], None]) -> None:
        self.workspace = workspace
        self.grant = grant
        self.user = user
        self.login = login
        self.link: Link | None = None
        """Through which the workspace server is told of a revocation; None where there is none."""
        self.on_end: Callable[[], None] = lambda: None
        """Called when it is over, for whoever carries it."""
        self._ended = ended
        self._client: asyncio.Transport | None = None
        self._server: asyncio.Transport | None = None
        self._cutting: asyncio.TimerHandle | None = None
        self._over = False

    async def connect(self, address: Path | tuple[str, int], head: bytes) -> None:
        """Reach the workspace server and send it the head. Raises OSError."""
        loop = asyncio.get_running_loop()
        if isinstance(address, Path):
            transport, half = await loop.create_unix_connection(lambda: _Half(self), str(address))
        else:
            transport, half = await loop.create_connection(lambda: _Half(self), *address)
        transport.pause_reading()
        self._server = transport
        self._server_half = half
        transport.write(head)

    def begin(self, client: asyncio.Transport) -> None:
        """Carry from now on between the client and the connected server."""
        assert self._server
        self._client = client
        half = _Half(self)
        client.set_protocol(half)
        half.other, self._server_half.other = self._server, client
        half.transport = client
        if self._over:
            self.cut()
            return
        self._server.resume_reading()
        client.resume_reading()

    def revoke(self, closing: Closing) -> None:
        """See `registry.Connection`. Where the reason cannot be told, the client learns it when it reconnects."""
        if self.link is None or self.link.closed:
            self.cut()
        elif self._cutting is None:
            self.link.revoke(self.grant, closing)
            self._cutting = asyncio.get_running_loop().call_later(CUT_AFTER, self.cut)

    def cut(self) -> None:
        """End it at once."""
        for transport in (self._client, self._server):
            if transport is not None:
                transport.abort()

    def shutdown(self) -> None:
        """What uvicorn calls when the hub stops."""
        self.cut()

    def lost(self) -> None:
        """One side ended: what is on its way to the other still arrives."""
        if self._over:
            return
        self._over = True
        if self._cutting:
            self._cutting.cancel()
        for transport in (self._client, self._server):
            if transport is not None:
                transport.close()
        # A side that takes nothing would otherwise be waited for without end.
        self._cutting = asyncio.get_running_loop().call_later(FLUSH_WITHIN, self.cut)
        self._ended(self)
        self.on_end()


class _Half(asyncio.Protocol):
    """One side; pauses the other while it does not take what comes."""

    def __init__(self, splice: Splice) -> None:
        self._splice = splice
        self.transport: asyncio.Transport | None = None
        self.other: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self.other is not None:
            self.other.write(data)

    def pause_writing(self) -> None:
        if self.other is not None:
            self.other.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None:
            self.other.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        self._splice.lost()
