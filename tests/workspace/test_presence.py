from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any, cast

from coterie.wire.capabilities import ACCESS, Capability, Role
from coterie.wire.closing import Closing
from coterie.wire.messages import ServerMessage, decode_server
from coterie.wire.messages.connection import PeopleChanged, PresenceUpdate, Welcome
from coterie.wire.tickets import Ticket
from coterie.workspace.presence import FORGET_AFTER, WINDOW, Presence


class Clock:
    """Time that passes when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0
        self._order = itertools.count()
        self._due: list[tuple[float, int, Callable[[], Any]]] = []

    def later(self, seconds: float, call: Callable[[], Any]) -> asyncio.TimerHandle:
        entry = (self.now + seconds, next(self._order), call)
        self._due.append(entry)
        clock = self

        class Handle:
            def cancel(self) -> None:
                if entry in clock._due:
                    clock._due.remove(entry)

        return cast(asyncio.TimerHandle, Handle())

    def pass_(self, seconds: float) -> None:
        end = self.now + seconds
        while due := sorted(entry for entry in self._due if entry[0] <= end):
            self._due.remove(due[0])
            self.now = due[0][0]
            due[0][2]()
        self.now = end


class Tab:
    """A member that keeps what it is sent."""

    numbers = itertools.count(1)

    def __init__(self, user: str) -> None:
        self.id = next(self.numbers)
        self.ticket = Ticket("w", user, user, user.title(), Role.MEMBER, tuple(ACCESS[Role.MEMBER]), 0, str(self.id))
        self.got: list[ServerMessage] = []
        self.frames = 0
        self.backlog = 0

    def may(self, capability: Capability) -> bool:
        return True

    def send(self, message: ServerMessage) -> None:
        self.got.append(message)

    def send_frame(self, *pieces: bytes) -> None:
        frame = b"".join(pieces)
        self.frames += 1
        size = {126: 4, 127: 10}.get(frame[1], 2)
        self.got.append(decode_server(frame[size:]))

    def send_at_once(self, data: bytes) -> None:
        self.send_frame(data)

    def close(self, closing: Closing, detail: str = "") -> None: ...

    @property
    def changes(self) -> list[PeopleChanged]:
        return [message for message in self.got if isinstance(message, PeopleChanged)]


def presence(clock: Clock) -> Presence:
    return Presence(server="s", workspace="w", name="W", files_root="/workspace", later=clock.later)


def test_a_newcomer_is_greeted_first_and_the_others_hear_of_them() -> None:
    clock = Clock()
    room = presence(clock)
    ada, bob = Tab("ada"), Tab("bob")
    room.joined(ada)
    clock.pass_(WINDOW)
    room.joined(bob)
    greeting = bob.got[0]
    assert isinstance(greeting, Welcome)
    assert greeting.connection == bob.id
    assert [person.user for person in greeting.people] == ["ada", "bob"]
    clock.pass_(WINDOW)
    assert [person.user for person in ada.changes[-1].changed] == ["bob"]


def test_who_drops_is_dimmed_at_once_and_forgotten_after_15_s() -> None:
    clock = Clock()
    room = presence(clock)
    ada, bob = Tab("ada"), Tab("bob")
    room.joined(ada)
    room.joined(bob)
    clock.pass_(WINDOW)
    room.left(bob)
    clock.pass_(WINDOW)
    assert [(person.user, person.here) for person in ada.changes[-1].changed] == [("bob", False)]
    late = Tab("eve")
    room.joined(late)
    assert isinstance(late.got[0], Welcome)
    assert [person.here for person in late.got[0].people if person.user == "bob"] == [False]
    clock.pass_(FORGET_AFTER - WINDOW - 0.1)
    assert ada.changes[-1].gone == []
    clock.pass_(0.2 + WINDOW)
    assert ada.changes[-1].gone == [bob.id]


def test_two_tabs_of_one_person_come_and_go_each_by_itself() -> None:
    clock = Clock()
    room = presence(clock)
    one, two, bob = Tab("ada"), Tab("ada"), Tab("bob")
    for tab in (one, two, bob):
        room.joined(tab)
    clock.pass_(WINDOW)
    room.left(one)
    clock.pass_(WINDOW)
    assert [(person.connection, person.here) for person in bob.changes[-1].changed] == [(one.id, False)]


def test_what_a_tab_has_open_is_told_once() -> None:
    clock = Clock()
    room = presence(clock)
    ada, bob = Tab("ada"), Tab("bob")
    room.joined(ada)
    room.joined(bob)
    clock.pass_(WINDOW)
    update = room.handlers()[PresenceUpdate]
    for active in ("x", "y", "y"):
        update(ada, PresenceUpdate(["x", "y"], active))
    clock.pass_(WINDOW)
    (person,) = bob.changes[-1].changed
    assert (person.opened, person.active) == (["x", "y"], "y")
    told = len(bob.changes)
    update(ada, PresenceUpdate(["x", "y"], "y"))
    clock.pass_(WINDOW)
    assert len(bob.changes) == told


def test_five_hundred_at_once_are_one_frame_to_each() -> None:
    clock = Clock()
    room = presence(clock)
    tabs = [Tab(f"user{number}") for number in range(500)]
    for tab in tabs:
        room.joined(tab)
    clock.pass_(WINDOW)
    assert {tab.frames for tab in tabs} == {1}
    for tab in tabs[:250]:
        room.left(tab)
    clock.pass_(WINDOW)
    assert {tab.frames for tab in tabs[250:]} == {2}
