"""`handoff.sock`: where the hub passes connected clients, asks who is connected, and takes access away."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from pathlib import Path

from coterie.wire import handoff
from coterie.wire.decoding import UNREADABLE
from coterie.wire.handoff import Announced, Gone, Hello, Live, Revoke
from coterie.wire.packets import Packets
from coterie.workspace.socket import Sockets

log = logging.getLogger("coterie.workspace")

_BACKLOG = 16


class Handoff:
    """Listens on `path`. Any number of hubs may be connected; each that said Hello hears of ended connections."""

    def __init__(self, path: Path, sockets: Sockets) -> None:
        self.sockets = sockets
        self._tasks: set[asyncio.Task[None]] = set()
        self._hubs: set[_Hub] = set()
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listener.setblocking(False)
        self._listener.bind(os.fspath(path))
        path.chmod(0o600)
        self._listener.listen(_BACKLOG)
        asyncio.get_running_loop().add_reader(self._listener.fileno(), self._accept)
        sockets.gone = self._gone

    def close(self) -> None:
        """Take no more clients and let go of the hubs."""
        asyncio.get_running_loop().remove_reader(self._listener.fileno())
        self._listener.close()
        for hub in list(self._hubs):
            hub.packets.close()
        self._hubs.clear()

    def forget(self, hub: _Hub) -> None:
        """A hub is gone; its clients stay."""
        self._hubs.discard(hub)

    def take(self, client: socket.socket, head: bytes) -> None:
        """Serve a passed client."""
        task = asyncio.get_running_loop().create_task(self._take(client, head))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take(self, client: socket.socket, head: bytes) -> None:
        try:
            await self.sockets.take(client, head)
        except OSError as error:
            log.info("a passed connection was gone before it began: %r", error)

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionError):
            connected, _ = self._listener.accept()
            self._hubs.add(_Hub(self, connected))

    def _gone(self, grant: str) -> None:
        packet = handoff.encode(Gone(grant))
        for hub in self._hubs:
            if hub.listens:
                hub.packets.send(packet)


class _Hub:
    """One connection of a hub."""

    def __init__(self, owner: Handoff, connected: socket.socket) -> None:
        self._owner = owner
        self.listens = False
        self.packets = Packets(connected, self, handoff.LARGEST)

    def received(self, packet: bytes, descriptors: list[int]) -> None:
        if descriptors:
            self._client(packet, descriptors)
            return
        try:
            message = handoff.decode_from_hub(packet)
        except UNREADABLE as error:
            log.warning("the hub said something that is no message: %s", error)
            return
        if isinstance(message, Hello):
            self._announce()
        elif isinstance(message, Revoke):
            for grant in message.grants:
                if connection := self._owner.sockets.find(grant):
                    connection.close(message.closing, "revoked")

    def lost(self) -> None:
        self._owner.forget(self)

    def _client(self, head: bytes, descriptors: list[int]) -> None:
        first, *rest = descriptors
        for descriptor in rest:
            os.close(descriptor)
        if head.startswith(handoff.HEAD):
            self._owner.take(socket.socket(fileno=first), head)
        else:
            os.close(first)

    def _announce(self) -> None:
        self.listens = True
        for connection in self._owner.sockets.live:
            ticket = connection.ticket
            live = handoff.encode(Live(ticket.grant, ticket.user, ticket.username))
            self.packets.send(live, [os.dup(connection.descriptor())])
        self.packets.send(handoff.encode(Announced()))
