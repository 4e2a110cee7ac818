"""Where uvicorn hands WebSocket upgrades over: waits for the gate's decision, or says why not."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import Any, cast

from fastapi import FastAPI

from coterie.hub.gate import heads
from coterie.hub.gate.bounds import BoundedHttp
from coterie.hub.gate.gate import ForeignOrigin, Gate, Refused
from coterie.hub.gate.heads import BadHead, Head
from coterie.hub.ports import sockets
from coterie.hub.ports.visit import Front
from coterie.wire.closing import Closing

logger = logging.getLogger(__name__)

DECIDE_WITHIN = 10.0
"""Seconds in which a connection is let through or refused."""

GOODBYE = 2.0
"""Seconds that a refused client has for taking the reason."""


def protocols(app: FastAPI) -> dict[str, Any]:
    """Return uvicorn's `http` and `ws` settings for the application; `app.state.gate` is the gate while it runs."""
    return {"http": BoundedHttp, "ws": partial(Door, app)}


class Door(asyncio.Protocol):
    """One upgrade. uvicorn calls `connection_made`, then `data_received` with the head it parsed."""

    def __init__(self, app: FastAPI, *, config: Any, server_state: Any, app_state: Any) -> None:
        self._app = app
        self._gate: Gate | None = getattr(app.state, "gate", None)
        self._connections: set[Any] = server_state.connections
        self._transport: asyncio.Transport
        self._task: asyncio.Task[None] | None = None
        self._goodbye: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._connections.discard(self)
        if self._goodbye:
            self._goodbye.cancel()
        if self._task:
            self._task.cancel()

    def shutdown(self) -> None:
        """What uvicorn calls when the hub stops."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        # A client speaks again only after the answer; one that is being refused has nothing to say any more.
        if self._task is not None or self._goodbye is not None:
            return
        state = self._app.state
        if self._gate is not None and (place := sockets.place_of(data, state.hub)) is not None:
            self._transport.pause_reading()
            carried = sockets.carry(Front(state.hub, self._gate, state.passes), place, data, self._transport)
            self._task = asyncio.get_running_loop().create_task(carried)
            self._task.add_done_callback(lambda _: self._connections.discard(self))
            return
        try:
            head = heads.parse(data)
        except BadHead as error:
            self._answer(b"400 Bad Request", str(error))
            return
        # Not a byte may be read here that the workspace server would then miss.
        self._transport.pause_reading()
        self._task = asyncio.get_running_loop().create_task(self._decide(head))

    async def _decide(self, head: Head) -> None:
        try:
            if self._gate is None:
                raise Refused(Closing.UNREACHABLE, "the hub is not open")
            async with asyncio.timeout(DECIDE_WITHIN):
                splice = await self._gate.let_through(head, self._transport)
        except ForeignOrigin as error:
            self._answer(b"403 Forbidden", f"a page of {error}")
        except Refused as error:
            self._refuse(head, error.closing, str(error))
        except Exception as error:
            logger.exception("a connection could not be let through")
            self._refuse(head, Closing.UNREACHABLE, repr(error))
        else:
            self._connections.discard(self)
            if splice is not None:
                self._connections.add(splice)
                splice.on_end = partial(self._connections.discard, splice)

    def _refuse(self, head: Head, closing: Closing, detail: str) -> None:
        """Complete the handshake only to say why not: a page cannot read the HTTP status of a failed one."""
        logger.info("not let through", extra={"workspace": head.workspace, "detail": detail})
        if self._transport.is_closing():
            return
        self._transport.write(head.accepted() + heads.close_frame(closing))
        self._leave()

    def _answer(self, status: bytes, detail: str) -> None:
        logger.info("not let through", extra={"detail": detail})
        if self._transport.is_closing():
            return
        self._transport.write(b"HTTP/1.1 %b\r\ncontent-length: 0\r\nconnection: close\r\n\r\n" % status)
        self._leave()

    def _leave(self) -> None:
        """Let the client take the answer, then close: closing with unread bytes would throw the answer away."""
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._transport.resume_reading()
        self._goodbye = asyncio.get_running_loop().call_later(GOODBYE, self._transport.close)
