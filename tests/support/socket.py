"""A client of the workspace socket that speaks the wire protocol, as a browser tab does."""

from __future__ import annotations

import asyncio
import itertools
import ssl
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from coterie.wire.messages import ClientMessage, ServerMessage, decode_server, encode
from coterie.wire.messages.connection import Failed, Welcome

M = TypeVar("M", bound=ServerMessage)
Seen = Callable[[ServerMessage], None]

WITHIN = 20.0
"""Seconds any wait may take before the test fails."""


class Closed(Exception):  # noqa: N818 an event, as asyncio.CancelledError is
    """The socket was closed, with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


class _Listener(WSListener):
    def __init__(self, owner: WorkspaceSocket) -> None:
        self.owner = owner
        self.parts = b""

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.owner.answered = True

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        kind = frame.msg_type
        if kind == WSMsgType.CLOSE:
            payload = frame.get_payload_as_bytes()
            self.owner.ended(int.from_bytes(payload[:2], "big") if payload else 1005, payload[2:].decode())
            transport.disconnect()
        elif kind == WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())
        elif kind in (WSMsgType.BINARY, WSMsgType.CONTINUATION):
            self.parts += frame.get_payload_as_bytes()
            if frame.fin:
                data, self.parts = self.parts, b""
                self.owner.received(decode_server(data))

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.owner.ended(1006, "connection lost")


class WorkspaceSocket:
    """One connection. Messages are kept in `messages` in the order they came; waits look at those and at later ones."""

    def __init__(self) -> None:
        self.messages: list[ServerMessage] = []
        self.welcome: Welcome
        self.answered = False
        self.closed: Closed | None = None
        self._transport: WSTransport | None = None
        self._changed = asyncio.Event()
        self._requests = itertools.count(1)
        self.on_message: Seen | None = None

    @classmethod
    async def open(
        cls, url: str, headers: dict[str, str], ssl_context: ssl.SSLContext | None = None
    ) -> WorkspaceSocket:
        """Connect and wait for Welcome. Raises Closed when the gate or the workspace server refuses."""
        self = cls()
        transport, _ = await ws_connect(
            lambda: _Listener(self), url, extra_headers=headers, max_frame_size=64 << 20, ssl_context=ssl_context
        )
        self._transport = transport
        # Also returned when the other end closed instead of answering; the listener hears of neither.
        if not self.answered:
            raise Closed(1006, "closed without an answer")
        self.welcome = await self.wait(Welcome)
        return self

    def received(self, message: ServerMessage) -> None:
        self.messages.append(message)
        if self.on_message:
            self.on_message(message)
        self._changed.set()

    def ended(self, code: int, reason: str) -> None:
        self.closed = self.closed or Closed(code, reason)
        self._changed.set()

    def send(self, message: ClientMessage) -> None:
        self.send_raw(encode(message))

    def send_raw(self, data: bytes) -> None:
        assert self._transport
        self._transport.send(WSMsgType.BINARY, data)

    async def until(self, condition: Callable[[], Any], within: float = WITHIN) -> Any:
        """Return the first true value of `condition`, looked at after every message. Raises Closed, TimeoutError."""
        async with asyncio.timeout(within):
            while not (value := condition()):
                if self.closed:
                    raise self.closed
                self._changed.clear()
                await self._changed.wait()
        return value

    async def wait(self, kind: type[M], where: Callable[[M], bool] = lambda _: True, within: float = WITHIN) -> M:
        """Return the first message of `kind` that satisfies `where`, among those that came and that will come."""
        seen = 0

        def look() -> M | None:
            nonlocal seen
            while seen < len(self.messages):
                message = self.messages[seen]
                seen += 1
                if isinstance(message, kind) and where(message):
                    return message
            return None

        message: M = await self.until(look, within)
        return message

    async def request(self, message: ClientMessage, within: float = WITHIN) -> Any:
        """Send with a fresh request number and return the answer. Failed is returned, not raised."""
        number = next(self._requests)
        self.send(msgspec.structs.replace(message, request=number))
        return await self.wait(ServerMessage, lambda m: getattr(m, "request", None) == number, within)

    async def succeed(self, message: ClientMessage) -> Any:
        """As `request`, and the answer is not Failed."""
        answer = await self.request(message)
        assert not isinstance(answer, Failed), answer
        return answer

    async def wait_closed(self, within: float = WITHIN) -> Closed:
        """Return how the socket was closed."""
        try:
            await self.until(lambda: None, within)
        except Closed as closed:
            return closed
        raise AssertionError("unreachable")

    def close(self) -> None:
        if self._transport:
            self._transport.disconnect()
