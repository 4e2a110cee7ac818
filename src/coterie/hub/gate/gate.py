"""Decides who is let through to a workspace server, with what ticket, and by which way."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from coterie.hub import access
from coterie.hub.core import Hub
from coterie.hub.db.tables import Workspace
from coterie.hub.gate.hangup import HangUps
from coterie.hub.gate.heads import Head
from coterie.hub.gate.link import Link, make_grant
from coterie.hub.gate.registry import Registry
from coterie.hub.gate.splice import Splice
from coterie.hub.identity import Identity
from coterie.hub.machines.driver import Address
from coterie.hub.origin import origin_allowed
from coterie.hub.states import WorkspaceState
from coterie.wire import tickets
from coterie.wire.capabilities import ACCESS, Capability, Role, allows
from coterie.wire.closing import Closing
from coterie.wire.errors import CoterieError
from coterie.wire.ids import new_id
from coterie.wire.tickets import Ticket

logger = logging.getLogger(__name__)


class Refused(Exception):  # noqa: N818 a decision, not a failure
    """Not let through, and why."""

    def __init__(self, closing: Closing, detail: str = "") -> None:
        super().__init__(f"{closing.name} {detail}".strip())
        self.closing = closing


class ForeignOrigin(Exception):  # noqa: N818
    """The page that asks is not one of this hub's: it learns nothing at all."""


@dataclass(frozen=True)
class Admission:
    """Who is let through to where."""

    identity: Identity
    role: Role
    address: Address


class Gate:
    """Everything between a parsed upgrade request and a connection that is carried. Made once the hub is open."""

    def __init__(self, hub: Hub, registry: Registry) -> None:
        self._hub = hub
        self.registry = registry
        self._links: dict[str, Link] = {}
        self._hang_ups = HangUps()

    async def open(self) -> None:
        """Reach every machine that runs, and take over the connections that outlived the hub before."""
        async with self._hub.database.read() as session:
            running = await session.execute(select(Workspace.id).where(Workspace.state == WorkspaceState.RUNNING))
        for workspace in running.scalars().all():
            try:
                address = await self._hub.driver.address(workspace)
                if address is not None:
                    self._link(workspace, address)
            except (CoterieError, OSError) as error:
                logger.warning("a machine cannot be reached", extra={"workspace": workspace, "detail": repr(error)})

    async def close(self) -> None:
        """Let go of the machines; the connections that were passed live on."""
        for link in list(self._links.values()):
            link.close()
        self._links.clear()
        self._hang_ups.close()

    async def admit(self, head: Head) -> Admission:
        """Return who is let through. Raises Refused, ForeignOrigin."""
        if not origin_allowed(head.headers, self._hub.settings):
            raise ForeignOrigin(head.headers.get("origin", ""))
        try:
            identity = await self._hub.authenticate(head.headers)
        except CoterieError as error:
            raise Refused(Closing.SIGNED_OUT, error.detail) from None
        async with self._hub.database.read() as session:
            role = await access.role_on(session, identity.user, head.workspace)
            state = (
                await session.execute(select(Workspace.state).where(Workspace.id == head.workspace))
            ).scalar_one_or_none()
        if role is None:
            raise Refused(Closing.NOT_FOUND)
        if not allows(role, Capability.WORKSPACE_OPEN):
            raise Refused(Closing.FORBIDDEN, role)
        if self.registry.full(identity.user):
            raise Refused(Closing.TOO_FAST, "too many connections")
        address = await self._address(head.workspace) if state is WorkspaceState.RUNNING else None
        if address is None:
            raise Refused(Closing.NOT_RUNNING)
        return Admission(identity, role, address)

    async def let_through(self, head: Head, client: asyncio.Transport) -> Splice | None:
        """Decide, and connect the client with the workspace server; return what carries bytes, None when it was passed.

        Raises Refused, ForeignOrigin.
        """
        while True:
            seen = self.registry.revocations
            admission = await self.admit(head)
            grant = make_grant(new_id(), admission.identity.login, admission.role)
            ticket = self.ticket(head.workspace, admission.identity, admission.role, grant)
            passed_on = head.passed_on(ticket)
            link: Link | None = None
            splice: Splice | None = None
            try:
                link = self._link(head.workspace, admission.address)
                if link is None or client.get_extra_info("ssl_object") is not None:
                    splice = await self._spliced(head.workspace, admission, grant, passed_on)
                    splice.link = link
            except OSError as error:
                raise Refused(Closing.UNREACHABLE, repr(error)) from None
            # What was read above may have been true before a revocation and false after: then it is all read again.
            # From here to the registry there is no await.
            if self.registry.revocations != seen:
                if splice:
                    splice.cut()
                continue
            if splice is not None:
                self.registry.add(splice)
                splice.begin(client)
            else:
                assert link is not None
                identity = admission.identity
                descriptor = client.get_extra_info("socket").fileno()
                link.hand_over(descriptor, passed_on, grant=grant, user=identity.user, login=identity.login)
                # Closes only this process's own descriptor: the connection goes on in the workspace server.
                client.abort()
            return splice

    async def reach(self, workspace: str) -> Path | tuple[str, int]:
        """Return where a running workspace's HTTP is. Raises Refused(NOT_RUNNING | UNREACHABLE)."""
        async with self._hub.database.read() as session:
            state = (
                await session.execute(select(Workspace.state).where(Workspace.id == workspace))
            ).scalar_one_or_none()
        address = await self._address(workspace) if state is WorkspaceState.RUNNING else None
        if address is None:
            raise Refused(Closing.NOT_RUNNING)
        return address.http

    def ticket(
        self,
        workspace: str,
        identity: Identity,
        role: Role,
        grant: str,
        capabilities: frozenset[Capability] | None = None,
    ) -> str:
        """Return a signed ticket with the role's capabilities, or just those of them that are given."""
        held = ACCESS[role] if capabilities is None else ACCESS[role] & capabilities
        ticket = Ticket(
            workspace=workspace,
            user=identity.user,
            username=identity.username,
            display_name=identity.display_name,
            role=role,
            capabilities=tuple(sorted(held)),
            expires=int(time.time()) + tickets.LIFETIME,
            grant=grant,
            email=identity.email,
            colour=identity.colour,
        )
        return tickets.sign(ticket, self._hub.key)

    async def _address(self, workspace: str) -> Address | None:
        try:
            return await self._hub.driver.address(workspace)
        except CoterieError as error:
            raise Refused(Closing.UNREACHABLE, error.detail) from None

    def _link(self, workspace: str, address: Address) -> Link | None:
        """The hand-off connection to a workspace server; None where there is no hand-off. Raises OSError."""
        if address.handoff is None:
            return None
        link = self._links.get(workspace)
        if link is None or link.closed or link.path != address.handoff:
            link = Link(
                workspace,
                address.handoff,
                self.registry,
                self._hang_ups,
                # Its right may have ended while no hub was there to say so.
                adopted=self._hub.rights.ask,
                lost=self._link_lost,
            )
            self._links[workspace] = link
        return link

    def _link_lost(self, link: Link) -> None:
        if self._links.get(link.workspace) is link:
            del self._links[link.workspace]

    async def _spliced(self, workspace: str, admission: Admission, grant: str, head: bytes) -> Splice:
        identity = admission.identity
        splice = Splice(
            workspace=workspace,
            grant=grant,
            user=identity.user,
            login=identity.login,
            ended=lambda ended: self.registry.remove(ended.grant),
        )
        await splice.connect(admission.address.http, head)
        return splice
