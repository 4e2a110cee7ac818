"""Who is here: the greeting of every connection, what each tab has open, and who has just gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from coterie.wire.errors import CoterieError, ErrorCode
from coterie.wire.messages import ClientMessage
from coterie.wire.messages.connection import PeopleChanged, Person, Ping, Pong, PresenceUpdate, Welcome
from coterie.wire.version import PROTOCOL
from coterie.workspace import frames
from coterie.workspace.member import Member
from coterie.workspace.service import Handler

FORGET_AFTER = 15.0
"""Seconds from a dropped connection until its avatar disappears (semantics: Presence)."""

WINDOW = 0.05
"""Seconds over which changes are gathered: with n people coming at once, one frame to each instead of n."""

MOST_OPENED, LONGEST_NAME = 200, 1024

Later = Callable[[float, Callable[[], Any]], asyncio.TimerHandle]
"""Calls something after so many seconds: the event loop's call_later, or a test's clock."""


class Presence:
    """Keeps one Person per connection and tells everyone what changed, each change once. A `Service`."""

    def __init__(self, *, server: str, workspace: str, name: str, files_root: str, later: Later | None = None) -> None:
        self._server = server
        self._workspace = workspace
        self._name = name
        self._files_root = files_root
        self._later = later
        self._members: dict[Member, Person] = {}
        self._people: dict[int, Person] = {}
        """Everyone shown, those dimmed included, by connection."""
        self._forgetting: dict[int, asyncio.TimerHandle] = {}
        self._changed: set[int] = set()
        self._gone: set[int] = set()
        self._telling: asyncio.TimerHandle | None = None

    def handlers(self) -> dict[type[ClientMessage], Handler]:
        """See `Service`."""
        return {Ping: self._ping, PresenceUpdate: self._update}

    async def start(self) -> None:
        """See `Service`."""
        if self._later is None:
            self._later = asyncio.get_running_loop().call_later

    async def stop(self) -> None:
        """See `Service`."""
        for timer in (*self._forgetting.values(), *([self._telling] if self._telling else [])):
            timer.cancel()
        self._forgetting.clear()
        self._telling = None

    def joined(self, member: Member) -> None:
        """Greet, and tell the others."""
        ticket = member.ticket
        person = Person(member.id, ticket.user, ticket.username, ticket.display_name, ticket.colour, ticket.role)
        self._members[member] = person
        self._people[member.id] = person
        member.send(
            Welcome(
                protocol=PROTOCOL,
                server=self._server,
                connection=member.id,
                workspace=self._workspace,
                name=self._name,
                capabilities=list(ticket.capabilities),
                people=list(self._people.values()),
                files_root=self._files_root,
            )
        )
        self._tell(changed=member.id)

    def left(self, member: Member) -> None:
        """Dim at once, forget later."""
        person = self._members.pop(member, None)
        if person is None:
            return
        self._people[member.id] = msgspec.structs.replace(person, here=False)
        self._tell(changed=member.id)
        assert self._later
        self._forgetting[member.id] = self._later(FORGET_AFTER, lambda: self._forget(member.id))

    def paused(self, member: Member) -> None:
        """Nothing to hold back: changes are few and small."""

    def resumed(self, member: Member) -> None:
        """See `paused`."""

    def _ping(self, member: Member, message: Ping) -> None:
        member.send(Pong(message.number))

    def _update(self, member: Member, message: PresenceUpdate) -> None:
        if len(message.opened) > MOST_OPENED or any(len(name) > LONGEST_NAME for name in message.opened):
            raise CoterieError(ErrorCode.TOO_BIG, "More is open in this tab than can be shown to the others.")
        person = self._members.get(member)
        if person is None:
            return
        active = message.active if message.active in message.opened else ""
        if (person.opened, person.active) != (message.opened, active):
            person.opened, person.active = message.opened, active
            self._tell(changed=member.id)

    def _forget(self, connection: int) -> None:
        self._forgetting.pop(connection, None)
        self._people.pop(connection, None)
        self._changed.discard(connection)
        self._gone.add(connection)
        self._tell()

    def _tell(self, changed: int | None = None) -> None:
        if changed is not None:
            self._changed.add(changed)
        if self._telling is None:
            assert self._later
            self._telling = self._later(WINDOW, self._tell_now)

    def _tell_now(self) -> None:
        self._telling = None
        changed = [self._people[connection] for connection in sorted(self._changed) if connection in self._people]
        gone = sorted(self._gone)
        self._changed.clear()
        self._gone.clear()
        frame = frames.frame(PeopleChanged(changed, gone))
        for member in self._members:
            member.send_frame(frame)
