"""Web ports: which programs of the machine listen, told to everyone who may open them, and the way to them."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from coterie.machine.ports import Listener, listening
from coterie.wire.capabilities import Capability
from coterie.wire.errors import CoterieError, ErrorCode
from coterie.wire.messages import ClientMessage
from coterie.wire.messages.ports import Port, PortsChanged
from coterie.workspace.frames import frame
from coterie.workspace.member import Member
from coterie.workspace.processes import Spawner
from coterie.workspace.service import Handler

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0
"""Seconds between looks at the listening sockets while somebody is connected; one look costs some 50 µs."""

CONNECT_WITHIN = 5.0
MOST_PORTS = 64
"""Shown at most: a program may listen on thousands."""

UPGRADE = b"coterie-port"
"""Protocol of an upgrade on `http.sock` whose path is `/PORT`."""

_PIECE = 64 << 10


class Ports:
    """The service behind PortsChanged, and `connect` for requests from the hub."""

    def __init__(self, spawner: Spawner) -> None:
        self._spawner = spawner
        self._members: set[Member] = set()
        self._listeners: dict[int, Listener] = {}
        self._sockets: frozenset[int] | None = None
        """Inodes of what listened at the last look; None: that is in doubt."""
        self._looking: asyncio.Task[None] | None = None
        self._carried: set[asyncio.Task[None]] = set()

    def handlers(self) -> dict[type[ClientMessage], Handler]:
        """See `Service.handlers`: nobody says anything, ports are opened over HTTP."""
        return {}

    def joined(self, member: Member) -> None:
        """Tell a new member what listens, and begin to look."""
        if member.may(Capability.PORT_OPEN):
            self._members.add(member)
            member.send(self._message())
            if self._looking is None:
                self._looking = asyncio.create_task(self._look())

    def left(self, member: Member) -> None:
        """Stop looking when nobody is there to be told."""
        self._members.discard(member)
        if not self._members and self._looking is not None:
            self._looking.cancel()
            self._looking = None

    def paused(self, member: Member) -> None:
        """See `Service.paused`: what is sent is small and rare."""

    def resumed(self, member: Member) -> None:
        """See `Service.resumed`."""

    async def start(self) -> None:
        """See `Service.start`."""

    async def stop(self) -> None:
        """End what is carried."""
        if self._looking is not None:
            self._looking.cancel()
        for task in list(self._carried):
            task.cancel()

    def adopt(self, transport: asyncio.Transport, port: str) -> None:
        """Carry bytes between a connection of the hub's, whose ticket was checked, and a program's port.

        The answer's head says whether the program was reached; after a 101 all bytes are the program's.
        """
        task = asyncio.create_task(self._carry(transport, port))
        self._carried.add(task)
        task.add_done_callback(self._carried.discard)

    async def _look(self) -> None:
        while True:
            try:
                await self._refresh()
            except Exception:
                # What one look could not make sense of must not end all later ones.
                log.exception("looking at the listening programs")
            await asyncio.sleep(LOOK_EVERY)

    async def _refresh(self) -> None:
        sockets = frozenset(listening())
        if sockets == self._sockets:
            return
        # The machine is asked whose they are only when they changed: that means looking at every process.
        found = await self._spawner.ports()
        self._sockets = sockets
        listeners = {listener[0]: listener for listener in found[:MOST_PORTS]}
        if listeners != self._listeners:
            self._listeners = listeners
            told = frame(self._message())
            for member in self._members:
                member.send_frame(told)

    def _message(self) -> PortsChanged:
        return PortsChanged([Port(port, command) for port, _, command in self._listeners.values()])

    async def connect(self, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to a program that a user runs. Raises CoterieError(NOT_FOUND | UNAVAILABLE).

        What else listens in the same network namespace (in the process driver the whole host's) is never reached.
        """
        if port not in self._listeners:
            self._sockets = None
            await self._refresh()
        listener = self._listeners.get(port)
        if listener is None:
            raise CoterieError(ErrorCode.NOT_FOUND, f"Nothing listens on port {port} of this workspace.")
        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                return await asyncio.open_connection(listener[1], port)
        except (OSError, TimeoutError) as error:
            self._sockets = None
            raise CoterieError(
                ErrorCode.UNAVAILABLE, f"The program on port {port} does not accept connections.", repr(error)
            ) from None

    async def _carry(self, transport: asyncio.Transport, port: str) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        protocol.connection_made(transport)
        transport.set_protocol(protocol)
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        try:
            try:
                theirs, ours = await self.connect(int(port) if port.isdecimal() and len(port) < 6 else 0)
            except CoterieError as error:
                body = error.sentence.encode()
                head = f"HTTP/1.1 {error.code.status} No\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
                writer.write(head.encode() + body)
                await writer.drain()
                return
            writer.write(b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: coterie-port\r\n\r\n")
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(pump(reader, ours))
                    both.create_task(pump(theirs, writer))
            finally:
                ours.close()
        except* (OSError, ConnectionError):
            log.debug("a connection to port %s was cut", port)
        finally:
            writer.close()


async def pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Carry bytes until the source ends, then say so to the target. Raises OSError when either side is cut."""
    while data := await source.read(_PIECE):
        target.write(data)
        await target.drain()
    with contextlib.suppress(OSError, RuntimeError):
        if target.can_write_eof():
            target.write_eof()
