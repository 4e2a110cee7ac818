"""The hub's connection to one workspace server's `handoff.sock`: passes sockets, revokes, and hears who is there."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Callable
from pathlib import Path

from coterie.hub.gate.hangup import HangUps, shut_down
from coterie.hub.gate.registry import Registry
from coterie.wire import handoff
from coterie.wire.capabilities import Role
from coterie.wire.closing import Closing
from coterie.wire.decoding import UNREADABLE
from coterie.wire.handoff import Announced, Gone, Hello, Live, Revoke
from coterie.wire.packets import Packets

logger = logging.getLogger(__name__)

CUT_AFTER = 0.6
"""Seconds that a workspace server has for closing a revoked connection with its reason; access ends within 1 s."""

_MOST_ADOPTED = 4096
"""Connections that one workspace server can claim to have: it is not trusted, and each costs a descriptor."""


class Link:
    """One workspace's hand-off connection, and the connections that were passed over it."""

    def __init__(
        self,
        workspace: str,
        path: Path,
        registry: Registry,
        hang_ups: HangUps,
        *,
        adopted: Callable[[], None],
        lost: Callable[[Link], None],
    ) -> None:
        """Connect. Raises OSError when nobody listens."""
        self.workspace = workspace
        self.path = path
        self.registry = registry
        self.hang_ups = hang_ups
        self.announced = asyncio.Event()
        """Set once the workspace server has told of every connection from before."""
        self._adopted = adopted
        self._lost = lost
        self._passed: dict[str, Passed] = {}
        connected = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            connected.setblocking(False)
            connected.connect(os.fspath(path))
        except OSError:
            connected.close()
            raise
        self._packets = Packets(connected, self, handoff.LARGEST)
        self._packets.send(handoff.encode(Hello("hub")))

    @property
    def closed(self) -> bool:
        """Whether nothing can be passed any more."""
        return self._packets.closed

    def hand_over(self, descriptor: int, head: bytes, *, grant: str, user: str, login: str) -> None:
        """Pass a duplicate of the client's socket with its head, and keep another one."""
        self._packets.send(head, [os.dup(descriptor)])
        self.keep(Passed(self, os.dup(descriptor), grant, user, login))

    def keep(self, connection: Passed) -> None:
        """Hold a passed connection until it ends. Raises OSError when its descriptor is no socket."""
        self.hang_ups.watch(connection.descriptor, lambda: self.drop(connection.grant))
        self._passed[connection.grant] = connection
        self.registry.add(connection)

    def revoke(self, grant: str, closing: Closing) -> None:
        """Ask the workspace server to close a connection."""
        self._packets.send(handoff.encode(Revoke([grant], closing)))

    def drop(self, grant: str) -> None:
        """Let go of a connection that ended."""
        connection = self._passed.pop(grant, None)
        if connection is not None:
            self.registry.remove(grant)
            connection.release()

    def close(self) -> None:
        """Let go of the workspace server; connections live on without this hub."""
        self._packets.close()
        for grant in list(self._passed):
            self.drop(grant)

    def received(self, packet: bytes, descriptors: list[int]) -> None:
        """What the workspace server says. It is not trusted: the worst it can do is to lose its own connections."""
        try:
            message = handoff.decode_from_server(packet)
        except UNREADABLE as error:
            logger.warning("a workspace server said something that is no message", extra={"detail": repr(error)})
            message = None
        if isinstance(message, Live) and len(descriptors) == 1:
            self._adopt(message, descriptors.pop())
        elif isinstance(message, Gone):
            self.drop(message.grant)
        elif isinstance(message, Announced):
            self.announced.set()
        for descriptor in descriptors:
            os.close(descriptor)

    def lost(self) -> None:
        """The workspace server died: its duplicates must not keep its clients waiting."""
        for grant, connection in list(self._passed.items()):
            shut_down(connection.descriptor)
            self.drop(grant)
        self.announced.set()
        self._lost(self)

    def _adopt(self, live: Live, descriptor: int) -> None:
        login = login_of(live.grant)
        if live.grant in self.registry or len(self._passed) >= _MOST_ADOPTED or not login:
            os.close(descriptor)
            return
        connection = Passed(self, descriptor, live.grant, live.user, login)
        try:
            self.keep(connection)
        except OSError:
            os.close(descriptor)
            return
        self._adopted()


class Passed:
    """A connection whose socket the workspace server has; `descriptor` is a duplicate. A registry's `Connection`."""

    def __init__(self, link: Link, descriptor: int, grant: str, user: str, login: str) -> None:
        self._link = link
        self.descriptor = descriptor
        self.grant = grant
        self.user = user
        self.login = login
        self.workspace = link.workspace
        self._cutting: asyncio.TimerHandle | None = None

    def revoke(self, closing: Closing) -> None:
        """See `registry.Connection`."""
        self._link.revoke(self.grant, closing)
        if self._cutting is None:
            self._cutting = asyncio.get_running_loop().call_later(CUT_AFTER, self._cut)

    def release(self) -> None:
        """Close the duplicate."""
        if self._cutting:
            self._cutting.cancel()
        self._link.hang_ups.forget(self.descriptor)
        with contextlib.suppress(OSError):
            os.close(self.descriptor)

    def _cut(self) -> None:
        shut_down(self.descriptor)
        self._link.drop(self.grant)


def make_grant(random: str, login: str, role: Role) -> str:
    """The name of a connection, from which a hub that comes later still knows the login and the role it depends on."""
    return f"{random}.{login}.{role}"


def login_of(grant: str) -> str:
    """The login a grant was made for; empty when it is no grant."""
    return grant.partition(".")[2].partition(".")[0]


def role_of(grant: str) -> str:
    """The role a grant was made for; empty when it does not say."""
    return grant.partition(".")[2].partition(".")[2]
