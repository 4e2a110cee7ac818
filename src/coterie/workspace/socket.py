"""The WebSocket of one member: the only file that knows WebSockets.

picows parses frames and answers pings; everything it leaves open is done here: fragments, reserved bits, one write per
event-loop turn, a bound on what waits for a slow client, and why a connection was closed.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Any, cast

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from picows import WSAutoPingStrategy, WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest
from picows.picows import WSProtocol  # type: ignore[attr-defined] # not in its type stubs

from coterie.wire import tickets
from coterie.wire.capabilities import Capability, Role
from coterie.wire.closing import Closing
from coterie.wire.decoding import UNREADABLE
from coterie.wire.errors import CoterieError, ErrorCode
from coterie.wire.messages import MAX_CLIENT_MESSAGE, ServerMessage, decode_client
from coterie.wire.tickets import Ticket
from coterie.workspace import frames
from coterie.workspace.members import Members

log = logging.getLogger("coterie.workspace")
# Around its logger, because of a bare one picows makes a copy for every connection: half a kilobyte each.
_picows_log = logging.LoggerAdapter(logging.getLogger("picows"))
_picows_log.setLevel(logging.CRITICAL)  # what it would say is said here, with the member's name

HIGH_WATER = 1 << 20
"""Bytes given to the kernel's side of the connection, but not taken, from which on services are paused."""

LOW_WATER = 256 << 10

MOST_WAITING = 32 << 20
"""Bytes that wait for a slow client before the connection ends with FELL_BEHIND."""

MOST_AT_ONCE = 128 << 20
"""Bytes for one client in one turn of the event loop: a few small requests can ask for this much, and for far more."""

MESSAGES_PER_SECOND, MESSAGES_AT_ONCE = 20_000, 200_000
BYTES_PER_SECOND, BYTES_AT_ONCE = 32 << 20, 256 << 20
"""Rates that end a connection with TOO_FAST: far above people and their pages, far below what starves the others."""

GOODBYE = 2.0
"""Seconds a closed client has for taking the reason before the connection is cut."""

PING_EVERY = 20.0
"""Seconds of silence after which a client is pinged; after as long again it counts as gone."""

_HANDSHAKE = 5.0
_MOST_REMEMBERED = 1000
_WRITE_AT_ONCE = 256 << 10
_WORTH_A_COPY = 4 << 10
"""Bytes of a piece, on average, up to which copying pieces together is cheaper than giving them to the kernel apart."""

_SMALLEST_READ_BUFFER = 2048

_CLOSINGS = {1009: Closing.TOO_BIG, 1002: Closing.MALFORMED, 1007: Closing.MALFORMED}
"""What picows closes with by itself."""


class Sockets:
    """All WebSockets of the server: takes connected sockets with a request head, checks tickets, flushes and pings."""

    def __init__(
        self, members: Members, key: Ed25519PublicKey, workspace: str, gone: Callable[[str], None] = lambda grant: None
    ) -> None:
        self._members = members
        self._key = key
        self._workspace = workspace
        self._loop = asyncio.get_running_loop()
        self._connections: dict[str, Connection] = {}
        self._dirty: list[Connection] = []
        self._people: dict[Ticket, Ticket] = {}
        """Of everyone who came: a ticket without what is its connection's own, whose strings later tickets share."""
        self._last = 0
        self._stopping = False
        self._empty = asyncio.Event()
        self._empty.set()
        self.gone = gone
        self._sweep = self._loop.call_later(PING_EVERY, self._ping)

    @property
    def live(self) -> list[Connection]:
        """Every connection that was let in and has not ended."""
        return list(self._connections.values())

    async def take(self, client: socket.socket, head: bytes) -> None:
        """Serve a socket that was handed off with its request head. Raises OSError when it is no longer connected."""
        client.setblocking(False)
        await self._loop.connect_accepted_socket(lambda: self._protocol(head), client)

    def adopt(self, transport: asyncio.Transport, head: bytes) -> None:
        """Serve a transport on which a request head was read."""
        protocol = self._protocol(head)
        transport.set_protocol(protocol)
        protocol.connection_made(transport)

    def _protocol(self, head: bytes) -> _Protocol:
        return _Protocol(_Wire(self), head)

    def find(self, grant: str) -> Connection | None:
        """Return the connection that has this grant."""
        return self._connections.get(grant)

    def entered(self, connection: Connection) -> None:
        """A connection was let in and its handshake is done."""
        self._connections[connection.ticket.grant] = connection
        self._empty.clear()

    def mark(self, connection: Connection) -> None:
        """Flush the connection at the end of this turn of the event loop."""
        if not self._dirty:
            self._loop.call_soon(self._flush)
        self._dirty.append(connection)

    def ended(self, connection: Connection) -> None:
        """A connection is over: its socket is closed."""
        if self._connections.get(connection.ticket.grant) is connection:
            del self._connections[connection.ticket.grant]
            self.gone(connection.ticket.grant)
        if not self._connections:
            self._people.clear()
            self._empty.set()

    def left(self, connection: Connection) -> None:
        """A connection takes no more messages."""
        self._members.leave(connection)

    def close_all(self, closing: Closing) -> None:
        """Take nothing more from anybody, and say why; later ones are closed the same way."""
        self._stopping = True
        for connection in self.live:
            connection.close(closing)

    async def closed(self, within: float) -> None:
        """Wait until every socket is closed; after `within` seconds cut what is left."""
        try:
            await asyncio.wait_for(self._empty.wait(), within)
        except TimeoutError:
            for connection in self.live:
                connection.cut()
        self._sweep.cancel()

    def accept(self, request: WSUpgradeRequest, wire: _Wire) -> Connection:
        """Return the connection of a request whose ticket is good, else one that is closed at once."""
        refusal: Closing | None = None
        try:
            ticket = tickets.verify(request.headers.get(tickets.HEADER, ""), self._key, self._workspace)
            if Capability.WORKSPACE_OPEN not in ticket.capabilities or ticket.grant in self._connections:
                raise CoterieError(ErrorCode.FORBIDDEN, Closing.FORBIDDEN.sentence, "used before, or not for a socket")
        except CoterieError as error:
            log.warning("refused a connection: %s", error)
            ticket, refusal = _NOBODY, Closing.FORBIDDEN
        if self._stopping:
            refusal = Closing.STOPPING
        self._last += 1
        return Connection(
            self._last, self._shared(ticket), sockets=self, members=self._members, wire=wire, refusal=refusal
        )

    def _shared(self, ticket: Ticket) -> Ticket:
        """The same ticket, with the strings that another connection of the same person holds already."""
        person = msgspec.structs.replace(ticket, grant="", expires=0)
        if len(self._people) > _MOST_REMEMBERED:
            self._people.clear()
        known = self._people.setdefault(person, person)
        return msgspec.structs.replace(known, grant=ticket.grant, expires=ticket.expires)

    def _flush(self) -> None:
        dirty, self._dirty = self._dirty, []
        for connection in dirty:
            connection.flush()

    def _ping(self) -> None:
        self._sweep = self._loop.call_later(PING_EVERY, self._ping)
        for connection in self.live:
            connection.check()


class Connection(WSListener):
    """One WebSocket. Implements `Member`."""

    __slots__ = (
        "_bytes", "_dirty", "_goodbye", "_loop", "_members", "_messages", "_out", "_overfull", "_parts", "_parts_size",
        "_paused", "_refilled", "_refusal", "_silent", "_sockets", "_transport", "_waiting", "_wire",
        "closing", "id", "ticket",
    )  # fmt: skip

    def __init__(
        self, number: int, ticket: Ticket, *, sockets: Sockets, members: Members, wire: _Wire, refusal: Closing | None
    ) -> None:
        self.id = number
        self.ticket = ticket
        self._sockets = sockets
        self._members = members
        self._wire = wire
        self._refusal = refusal
        self._transport: asyncio.Transport
        self._out: list[bytes] = []
        self._waiting = 0
        self._dirty = False
        self._overfull = False
        """Something was left out: the connection ends with this turn of the event loop."""
        self._paused = False
        self.closing = False
        self._parts: list[bytes] = []
        self._parts_size = 0
        self._loop = asyncio.get_running_loop()
        self._messages: float = MESSAGES_AT_ONCE
        self._bytes: float = BYTES_AT_ONCE
        self._refilled = self._loop.time()
        self._silent = 0
        self._goodbye: asyncio.TimerHandle | None = None

    def may(self, capability: Capability) -> bool:
        """See `Member.may`."""
        return capability in self.ticket.capabilities

    def send(self, message: ServerMessage) -> None:
        """See `Member.send`."""
        self.send_frame(frames.frame(message))

    def send_frame(self, *pieces: bytes) -> None:
        """See `Member.send_frame`."""
        if self.closing or self._overfull:
            return
        # Not closed here: whoever sends to everybody must not see members leave meanwhile.
        self._overfull = self._waiting > MOST_AT_ONCE
        self._out += pieces
        for piece in pieces:
            self._waiting += len(piece)
        if not self._dirty:
            self._dirty = True
            self._sockets.mark(self)

    def send_at_once(self, data: bytes) -> None:
        """See `Member.send_at_once`."""
        if self._dirty or self._paused or self.closing or len(data) > _WRITE_AT_ONCE:
            self.send_frame(data)
        else:
            self._transport.write(data)

    @property
    def backlog(self) -> int:
        """See `Member.backlog`."""
        return self._waiting + self._transport.get_write_buffer_size()

    def close(self, closing: Closing, detail: str = "") -> None:
        """See `Member.close`."""
        if self.closing:
            return
        log.info("closing connection %d of %s: %s %s", self.id, self.ticket.username, closing.name, detail)
        if not self._paused:
            self.flush()
        self._say_goodbye(frames.close(closing, closing.sentence))

    def cut(self) -> None:
        """End at once, whatever the client has taken."""
        self._leave()
        self._transport.abort()

    def descriptor(self) -> int:
        """The socket's descriptor, for passing a duplicate."""
        return self._wire.fileno()

    def flush(self) -> None:
        """Write what was sent in this turn, as far as the client takes it."""
        self._dirty = False
        if self._overfull and not self.closing:
            self._overfull = False
            self._out.clear()
            self.close(Closing.FELL_BEHIND, f"{self._waiting} bytes at once")
            return
        if self._paused:
            if self._waiting > MOST_WAITING:
                self.close(Closing.FELL_BEHIND, f"{self._waiting} bytes wait")
            return
        out = self._out
        if self._waiting <= _WRITE_AT_ONCE:
            if out:
                self._write(out, self._waiting)
                out.clear()
                self._waiting = 0
            return
        written = 0
        while written < len(out) and not self._paused:
            size, first = 0, written
            while written < len(out) and (not size or size + len(out[written]) <= _WRITE_AT_ONCE):
                size += len(out[written])
                written += 1
            self._waiting -= size
            self._write(out[first:written], size)
        del out[:written]

    def _write(self, pieces: list[bytes], size: int) -> None:
        if len(pieces) == 1:
            self._transport.write(pieces[0])
        elif size < _WORTH_A_COPY * len(pieces):
            self._transport.write(b"".join(pieces))
        else:
            self._transport.writelines(pieces)

    def check(self) -> None:
        """Ping a client that has been silent, cut one that stays so."""
        self._silent += 1
        if self._silent > 2:
            log.info("connection %d of %s is silent", self.id, self.ticket.username)
            self.cut()
        elif self._silent == 2 and not self._paused:
            self._transport.write(bytes((frames.PING, 0)))

    # What picows calls.

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = self._wire.transport
        self._transport.set_write_buffer_limits(HIGH_WATER, LOW_WATER)
        self._wire.connection = self
        # Kilobytes that nobody asks for again.
        transport.request.headers.clear()
        transport.response.headers.clear()
        if self._refusal is not None:
            self.close(self._refusal)
        else:
            self._sockets.entered(self)
            self._members.join(self)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        self._silent = 0
        kind = frame.msg_type
        if kind == WSMsgType.CLOSE:
            self._closed_by_client(frame)
        elif self.closing or kind == WSMsgType.PONG:
            return
        elif frame.rsv1 or frame.rsv2 or frame.rsv3 or kind == WSMsgType.TEXT:
            self.close(Closing.MALFORMED, f"unexpected {frame}")
        elif self._spend(frame.payload_size):
            if kind == WSMsgType.BINARY and frame.fin and not self._parts:
                self._receive(frame.get_payload_as_memoryview())
            else:
                self._fragment(frame)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if self._goodbye:
            self._goodbye.cancel()
        self._leave()
        self._sockets.ended(self)

    def pause_writing(self) -> None:
        self._paused = True
        if not self.closing:
            self._members.pause(self)

    def resume_writing(self) -> None:
        self._paused = False
        if not self.closing:
            self.flush()
            if not self._paused:
                self._members.resume(self)

    def violated(self, code: int) -> None:
        """The picows parser gave up on the client's bytes and would close with `code`."""
        self.close(_CLOSINGS.get(code, Closing.MALFORMED), f"picows: {code}")

    def _receive(self, data: bytes | memoryview) -> None:
        try:
            message = decode_client(data)
        except UNREADABLE as error:
            self.close(Closing.MALFORMED, str(error))
            return
        self._members.receive(self, message)

    def _fragment(self, frame: WSFrame) -> None:
        first = frame.msg_type == WSMsgType.BINARY
        if first == bool(self._parts):
            self.close(Closing.MALFORMED, "fragments out of order")
            return
        self._parts_size += frame.payload_size
        if self._parts_size > MAX_CLIENT_MESSAGE:
            self._parts.clear()
            self.close(Closing.TOO_BIG, "fragments")
            return
        self._parts.append(frame.get_payload_as_bytes())
        if frame.fin:
            data = b"".join(self._parts)
            self._parts.clear()
            self._parts_size = 0
            self._receive(data)

    def _spend(self, size: int) -> bool:
        self._messages -= 1
        self._bytes -= size
        if self._messages >= 0 and self._bytes >= 0:
            return True
        now = self._loop.time()
        seconds, self._refilled = now - self._refilled, now
        self._messages = min(self._messages + seconds * MESSAGES_PER_SECOND, MESSAGES_AT_ONCE)
        self._bytes = min(self._bytes + seconds * BYTES_PER_SECOND, BYTES_AT_ONCE)
        if self._messages >= 0 and self._bytes >= 0:
            return True
        self.close(Closing.TOO_FAST)
        return False

    def _closed_by_client(self, frame: WSFrame) -> None:
        if self.closing:
            self._transport.close()
            return
        payload = frame.get_payload_as_bytes()[:2]
        self._say_goodbye(bytes((frames.CLOSE, len(payload))) + payload)

    def _say_goodbye(self, farewell: bytes) -> None:
        """Send the last frame, take nothing more, and wait a little for the client to have read it."""
        self._leave()
        self._transport.write(farewell)
        # The hub holds a duplicate of the socket: closing ours alone would not end the connection for the client.
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._goodbye = self._loop.call_later(GOODBYE, self._transport.abort)

    def _leave(self) -> None:
        if not self.closing:
            self.closing = True
            self._out.clear()
            self._parts.clear()
            self._waiting = 0
            self._sockets.left(self)


class _Wire:
    """The transport as picows sees it, and the bytes it writes by itself: the handshake, pongs, and reasons to close.

    It says that something is always waiting, so that picows never writes to the socket past the event loop, and hides
    that picows sets TCP options on what may be a Unix socket.
    """

    __slots__ = ("connection", "sockets", "transport")

    def __init__(self, sockets: Sockets) -> None:
        self.sockets = sockets
        self.transport: asyncio.Transport
        self.connection: Connection | None = None

    def accept(self, request: WSUpgradeRequest) -> Connection:
        """The listener that picows asks for."""
        return self.sockets.accept(request, self)

    def write(self, data: bytes) -> None:
        if data[0] == frames.CLOSE and self.connection is not None:
            self.connection.violated(int.from_bytes(data[2:4], "big"))
        elif self.connection is None or not self.connection.closing:
            self.transport.write(data)

    def writelines(self, parts: list[bytes]) -> None:
        self.write(b"".join(parts))

    def get_write_buffer_size(self) -> int:
        return max(1, self.transport.get_write_buffer_size())

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self if name == "socket" else self.transport.get_extra_info(name, default)

    def close(self) -> None:
        if self.connection is None:
            self.transport.close()

    def abort(self) -> None:
        self.transport.abort()

    def fileno(self) -> int:
        return int(self.transport.get_extra_info("socket").fileno())

    def setsockopt(self, level: int, option: int, value: int) -> None:
        inner = self.transport.get_extra_info("socket")
        if level != socket.IPPROTO_TCP or inner.family != socket.AF_UNIX:
            inner.setsockopt(level, option, value)

    def getsockopt(self, level: int, option: int) -> int:
        inner = self.transport.get_extra_info("socket")
        return 0 if level == socket.IPPROTO_TCP else int(inner.getsockopt(level, option))


class _Protocol(WSProtocol):  # type: ignore[misc]
    """picows' protocol over a `_Wire`."""

    __slots__ = ("_head", "_wire")

    def __init__(self, wire: _Wire, head: bytes) -> None:
        super().__init__(
            None,
            None,
            False,  # the server's side
            wire.accept,
            _picows_log,
            False,  # an exception in a handler is ours to answer
            _HANDSHAKE,
            False,  # one sweep pings for all connections, instead of a task each
            PING_EVERY,
            PING_EVERY,
            WSAutoPingStrategy.PING_WHEN_IDLE,
            True,  # answer pings
            MAX_CLIENT_MESSAGE,
            None,
            _SMALLEST_READ_BUFFER,
        )
        self._wire = wire
        self._head = head

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._wire.transport = cast(asyncio.Transport, transport)
        super().connection_made(self._wire)
        view, self._head = memoryview(self._head), b""
        while view:
            buffer = self.get_buffer(len(view))
            size = min(len(buffer), len(view))
            buffer[:size] = view[:size]
            self.buffer_updated(size)
            view = view[size:]


_NOBODY = Ticket("", "", "", "", Role.READ_ONLY_GUEST, (), 0, "")
