"""Typing counts as activity, and taking in output does not."""

from __future__ import annotations

from typing import Any

import pytest

from coterie.wire.messages.connection import Ping
from coterie.wire.messages.terminals import TerminalAck
from coterie.workspace import activity as module
from coterie.workspace.activity import Activity
from coterie.workspace.members import Members


class Somebody:
    """A member who may do everything, and to whom anything may be sent."""

    ticket: Any = type("Ticket", (), {"capabilities": (), "username": "ada"})

    def send(self, message: object) -> None:
        pass


def test_what_people_do_is_recent_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("coterie.workspace.activity.time.monotonic", lambda: now)
    activity = Activity()
    members: Any = Members([], activity)
    assert not activity.recent()
    members.receive(Somebody(), TerminalAck(1, 10))
    assert not activity.recent()
    members.receive(Somebody(), Ping(1))
    assert activity.recent()
    now += module.RECENT
    assert not activity.recent()
