"""One request or WebSocket to a web port: who it is, whether they may, and the connection to the program."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from coterie.hub import access
from coterie.hub.core import Hub
from coterie.hub.db.tables import Login, Token, User
from coterie.hub.gate.gate import Gate, Refused
from coterie.hub.gate.link import make_grant
from coterie.hub.identity import Identity, cookie_value, identity_of
from coterie.hub.ports import address
from coterie.hub.ports.address import Place
from coterie.hub.ports.passes import COOKIE, SECURE_COOKIE, Pass, Passes
from coterie.wire import tickets
from coterie.wire.capabilities import Capability, Role
from coterie.wire.closing import Closing
from coterie.wire.errors import CoterieError, ErrorCode
from coterie.wire.ids import new_id

LARGEST_HEAD = 64 << 10
CONNECT_WITHIN = 10.0


def cookie_of(headers: Mapping[str, str], secure: bool) -> str:
    """Return the web port's cookie in these headers; empty when there is none."""
    return cookie_value(headers.get("cookie", ""), SECURE_COOKIE if secure else COOKIE) or ""


def from_elsewhere(headers: Mapping[str, str], hub: Hub, place: Place) -> bool:
    """Whether a page of another workspace, or of no workspace, sent this request.

    All web ports are one site to browsers, so `SameSite` cookies travel between them; pages of one workspace may talk
    to each other, as its programs can anyway. Scripts and pictures are fetched without Origin: then the Referer counts,
    and a page that hides it is not believed. Following a link is no such request.
    """
    origin = headers.get("origin")
    if origin is None:
        if headers.get("sec-fetch-site") not in ("same-site", "cross-site") or _navigates(headers):
            return False
        origin = "/".join(headers.get("referer", "").split("/", 3)[:3])
    sender = address.parse(origin.partition("://")[2], hub.settings)
    return sender is None or sender.workspace != place.workspace


def _navigates(headers: Mapping[str, str]) -> bool:
    return headers.get("sec-fetch-mode") == "navigate"


async def visitor(hub: Hub, passes: Passes, headers: Mapping[str, str], place: Place) -> tuple[Identity, Role] | None:
    """Return who sent these headers and their role; None when the hub must be asked who it is.

    Everything is looked up at every request, so a right that was taken away is gone at once.
    Raises CoterieError(FORBIDDEN | NOT_FOUND).
    """
    entry = passes.read(cookie_of(headers, hub.settings.secure), place)
    if entry is None:
        return None
    identity = await _identity(hub, entry)
    if identity is None:
        return None
    async with hub.database.read() as session:
        role = await access.require(session, identity.user, place.workspace, Capability.PORT_OPEN)
    return identity, role


async def _identity(hub: Hub, entry: Pass) -> Identity | None:
    """The person of a pass while the login that it came from lives."""
    async with hub.database.read() as session:
        user = await session.get(User, entry.user)
        login: Login | Token | None = await session.get(Login, entry.login) or await session.get(Token, entry.login)
    if user is None or login is None or login.user_id != user.id:
        return None
    return identity_of(user, login)


@dataclass(frozen=True)
class Front:
    """What decisions about web ports are made with."""

    hub: Hub
    gate: Gate
    passes: Passes

    async def admit(self, headers: Mapping[str, str], place: Place) -> Visit | None:
        """Return a visit that is about to begin; None when the hub must be asked who it is.

        Raises CoterieError(FORBIDDEN | NOT_FOUND | TOO_FAST).
        """
        while True:
            seen = self.gate.registry.revocations
            who = await visitor(self.hub, self.passes, headers, place)
            if who is None:
                return None
            # What was read may have been true before a revocation and false after: then it is read again. From here to
            # the registry there is no await.
            if self.gate.registry.revocations == seen:
                if self.gate.registry.full(who[0].user):
                    raise CoterieError(ErrorCode.TOO_FAST, Closing.TOO_FAST.sentence, "too many connections")
                return Visit(self.gate, place, *who)


class Visit:
    """A connection to a program, in the registry from its making to `close`: a revocation cuts it."""

    def __init__(self, gate: Gate, place: Place, identity: Identity, role: Role) -> None:
        self.workspace = place.workspace
        self.user = identity.user
        self.login = identity.login
        self.grant = make_grant(new_id(), identity.login, role)
        self.reader: asyncio.StreamReader
        self.writer: asyncio.StreamWriter | None = None
        self.revoked = False
        self._gate = gate
        self._place = place
        self._task = asyncio.current_task()
        self._ticket = gate.ticket(place.workspace, identity, role, self.grant, frozenset({Capability.PORT_OPEN}))
        gate.registry.add(self)

    def revoke(self, closing: Closing) -> None:
        """See `registry.Connection`."""
        self.revoked = True
        if self.writer is not None:
            self.writer.transport.abort()
        if self._task is not None:
            self._task.cancel()

    async def open(self) -> None:
        """Reach the program. Raises CoterieError(NOT_RUNNING | NOT_FOUND | UNAVAILABLE)."""
        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                await self._open()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
            raise CoterieError(ErrorCode.UNAVAILABLE, "The program does not answer.", repr(error)) from None

    async def _open(self) -> None:
        try:
            where = await self._gate.reach(self.workspace)
        except Refused as refused:
            raise CoterieError(ErrorCode.NOT_RUNNING, refused.closing.sentence) from None
        if isinstance(where, Path):
            self.reader, self.writer = await asyncio.open_unix_connection(str(where), limit=LARGEST_HEAD)
        else:
            self.reader, self.writer = await asyncio.open_connection(*where, limit=LARGEST_HEAD)
        lines = [
            f"GET /{self._place.port} HTTP/1.1",
            "host: coterie",
            "connection: upgrade",
            "upgrade: coterie-port",
            f"{tickets.HEADER}: {self._ticket}",
        ]
        self.writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        head = await self.reader.readuntil(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        if status != 101:
            nothing = f"Nothing answers on port {self._place.port}. Start the program, then reload the page."
            raise CoterieError(ErrorCode.NOT_FOUND if status == 404 else ErrorCode.UNAVAILABLE, nothing)

    def close(self) -> None:
        """Let go of the program."""
        self._gate.registry.remove(self.grant)
        if self.writer is not None:
            self.writer.close()
