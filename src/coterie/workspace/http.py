"""HTTP on `http.sock`: one request per connection, each with a ticket; an upgrade becomes a member's WebSocket.

Only the hub talks to this socket, so there is no keeping alive and no pipelining. Bodies stream both ways, held back
where the other side is slow.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from http import HTTPStatus
from typing import TypeAlias, cast
from urllib.parse import parse_qsl, unquote_to_bytes

import httptools
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from coterie.wire import tickets
from coterie.wire.capabilities import Capability
from coterie.wire.errors import CoterieError, ErrorCode
from coterie.wire.tickets import Ticket
from coterie.workspace import ports
from coterie.workspace.ports import Ports
from coterie.workspace.socket import Sockets

log = logging.getLogger("coterie.workspace")

LARGEST_HEAD = 64 << 10
HEAD_WITHIN = 10.0
"""Seconds in which a request head must be there."""

_HIGH_WATER = 1 << 20
"""Bytes of a request's body that wait to be taken, before reading stops."""

Header: TypeAlias = tuple[str, str]


class Exchange:
    """One request and its answer."""

    def __init__(self, connection: _Connection, method: str, target: bytes, headers: dict[str, str], ticket: Ticket):
        self._connection = connection
        self.method = method
        path, _, query = target.partition(b"?")
        self.path = unquote_to_bytes(path).decode(errors="replace")
        self.query = dict(parse_qsl(query.decode("ascii", "replace"), keep_blank_values=True))
        self.headers = headers
        self.ticket = ticket
        self.started = False
        self._chunked = False

    def need(self, capability: Capability) -> None:
        """Raise CoterieError(FORBIDDEN) unless the ticket holds `capability`."""
        if capability not in self.ticket.capabilities:
            raise CoterieError(ErrorCode.FORBIDDEN, "You may only watch here.", f"needs {capability}")

    async def body(self) -> AsyncIterator[bytes]:
        """Give the request's body as it comes. Raises ConnectionError when it ends before it is whole."""
        while (data := await self._connection.next_body()) is not None:
            yield data

    def start(self, status: int, headers: Iterable[Header], length: int | None) -> None:
        """Send the answer's head; `length` in bytes, None when it is not known before."""
        self.started = True
        self._chunked = length is None
        size = ("transfer-encoding", "chunked") if length is None else ("content-length", str(length))
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
        lines += [f"{name}: {value}" for name, value in (*headers, size, ("connection", "close"))]
        self._connection.write("\r\n".join([*lines, "", ""]).encode("latin-1"))

    async def write(self, data: bytes) -> None:
        """Send a piece of the body once the pieces before it are on their way. Raises ConnectionError."""
        if data:
            self._connection.write(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)
        await self._connection.drain()

    async def end(self) -> None:
        """The answer is whole."""
        if self._chunked:
            self._connection.write(b"0\r\n\r\n")
        await self._connection.drain()

    async def respond(self, status: int, value: object = None) -> None:
        """Send a whole answer, `value` as JSON."""
        data = b"" if value is None else msgspec.json.encode(value)
        self.start(status, [("content-type", "application/json")] if data else [], len(data))
        await self.write(data)


Handler: TypeAlias = Callable[[Exchange], Awaitable[None]]


class HttpServer:
    """Makes the protocol of every connection to `http.sock`."""

    def __init__(
        self, handler: Handler, sockets: Sockets, the_ports: Ports, key: Ed25519PublicKey, workspace: str
    ) -> None:
        self.handler = handler
        self.sockets = sockets
        self.ports = the_ports
        self._key = key
        self._workspace = workspace
        self.tasks: set[asyncio.Task[None]] = set()

    def protocol(self) -> asyncio.Protocol:
        """Return the protocol of a new connection."""
        return _Connection(self)

    def verify(self, headers: dict[str, str]) -> Ticket:
        """Return the request's ticket. Raises CoterieError(FORBIDDEN)."""
        return tickets.verify(headers.get(tickets.HEADER, ""), self._key, self._workspace)

    async def finish(self, within: float) -> None:
        """Wait until answers that were begun are whole, at most `within` seconds, then end them."""
        if self.tasks:
            _, late = await asyncio.wait(self.tasks, timeout=within)
            for task in late:
                task.cancel()


class _Connection(asyncio.Protocol):
    def __init__(self, server: HttpServer) -> None:
        self._server = server
        self._parser = httptools.HttpRequestParser(self)
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._head_size = 0
        self._heard = False
        self._body: deque[bytes] = deque()
        self._body_size = 0
        self._whole = False
        self._lost = False
        self._arrived = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()
        self._task: asyncio.Task[None] | None = None

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._timer = asyncio.get_running_loop().call_later(HEAD_WITHIN, self._transport.abort)

    def data_received(self, data: bytes) -> None:
        if not self._heard:
            self._head_size += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._upgrade()
        except httptools.HttpParserError as error:
            log.warning("http.sock: %r", error)
            self._transport.abort()
        else:
            if not self._heard and self._head_size > LARGEST_HEAD:
                self._transport.abort()

    def eof_received(self) -> bool:
        # Whoever leaves in the middle of a body is gone; after it one may still wait for the answer.
        return self._task is not None and self._whole

    def connection_lost(self, error: Exception | None) -> None:
        self._timer.cancel()
        self._lost = True
        self._arrived.set()
        self._drained.set()
        if self._task is not None and not self._whole:
            self._task.cancel()

    def pause_writing(self) -> None:
        self._drained.clear()

    def resume_writing(self) -> None:
        self._drained.set()

    # What the parser calls.

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._heard = True
        self._timer.cancel()
        if not self._parser.should_upgrade():
            self._task = asyncio.get_running_loop().create_task(self._answer())
            self._server.tasks.add(self._task)
            self._task.add_done_callback(self._server.tasks.discard)

    def on_body(self, data: bytes) -> None:
        self._body.append(data)
        self._body_size += len(data)
        if self._body_size > _HIGH_WATER:
            self._transport.pause_reading()
        self._arrived.set()

    def on_message_complete(self) -> None:
        self._whole = True
        self._arrived.set()

    # What the exchange calls.

    async def next_body(self) -> bytes | None:
        while not self._body:
            if self._whole:
                return None
            if self._lost:
                raise ConnectionError("the request ended before its body was whole")
            self._arrived.clear()
            await self._arrived.wait()
        data = b"".join(self._body)
        self._body.clear()
        if self._body_size > _HIGH_WATER and not self._lost:
            self._transport.resume_reading()
        self._body_size = 0
        return data

    def write(self, data: bytes) -> None:
        if self._lost:
            raise ConnectionError("the client is gone")
        self._transport.write(data)

    async def drain(self) -> None:
        await self._drained.wait()
        if self._lost:
            raise ConnectionError("the client is gone")

    async def _answer(self) -> None:
        exchange: Exchange | None = None
        try:
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in self._headers}
            ticket = self._server.verify(headers)
            method = self._parser.get_method().decode("latin-1")
            exchange = Exchange(self, method, self._target, headers, ticket)
            await self._server.handler(exchange)
            await exchange.end()
        except ConnectionError:
            log.info("http.sock: the client went away")
            self._transport.abort()
        except Exception as error:
            if exchange is not None and exchange.started:
                # Cutting the connection is the only way left to say that the body is not whole.
                log.warning("http.sock: an answer was cut short: %r", error)
                self._transport.abort()
            else:
                await self._refuse(error)
        finally:
            self._transport.close()

    async def _refuse(self, error: Exception) -> None:
        if isinstance(error, CoterieError):
            log.info("http.sock: %s", error)
        else:
            log.error("http.sock: a request failed", exc_info=error)
            error = CoterieError(ErrorCode.INTERNAL, "Something went wrong in the workspace. Its log says more.")
        data = msgspec.json.encode({"code": error.code, "sentence": error.sentence})
        head = f"HTTP/1.1 {error.code.status} {HTTPStatus(error.code.status).phrase}\r\n"
        head += f"content-type: application/json\r\ncontent-length: {len(data)}\r\nconnection: close\r\n\r\n"
        if not self._lost:
            self._transport.write(head.encode() + data)

    def _upgrade(self) -> None:
        if (b"upgrade", ports.UPGRADE) in self._headers:
            self._task = asyncio.get_running_loop().create_task(self._open_port())
            self._server.tasks.add(self._task)
            self._task.add_done_callback(self._server.tasks.discard)
            return
        head = b"GET %b HTTP/1.1\r\n" % self._target
        head += b"".join(b"%b: %b\r\n" % header for header in self._headers) + b"\r\n"
        self._server.sockets.adopt(self._transport, head)

    async def _open_port(self) -> None:
        try:
            ticket = self._server.verify(
                {name.decode("latin-1"): value.decode("latin-1") for name, value in self._headers}
            )
            if Capability.PORT_OPEN not in ticket.capabilities:
                raise CoterieError(ErrorCode.FORBIDDEN, "You may only watch here.", f"needs {Capability.PORT_OPEN}")
        except CoterieError as error:
            await self._refuse(error)
            self._transport.close()
        else:
            self._server.ports.adopt(self._transport, self._target.removeprefix(b"/").decode("latin-1"))
