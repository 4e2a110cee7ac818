"""When what people type leaves for the others."""

from __future__ import annotations

import asyncio

import pytest

from coterie.workspace.documents import room
from tests.workspace.documents.server import Server

pytestmark = pytest.mark.usefixtures("by_hand")


async def turns() -> None:
    """Let the event loop do what it was told to do soon."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_busy_room_gathers_until_the_window_ends_or_it_is_enough(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    (server.files / "a").write_text("")
    ada, ben = await server.page("a"), await server.page("a", "ben")
    assert ada.member
    assert ben.member
    monkeypatch.setattr(room, "BUSY", 0)
    monkeypatch.setattr(room, "WINDOW", 1e6)
    await server.type(ada, 0, "x", ben)

    for typed in range(1, room.ENOUGH):
        ada.edit(typed, 0, "x")
    await ada.deliver()
    await turns()
    assert not ben.member.inbox
    assert ada.pending

    ada.edit(room.ENOUGH, 0, "x")
    await ada.deliver()
    await turns()
    ada.receive()
    ben.receive()
    assert ben.text == ada.text == "x" * (room.ENOUGH + 1)
    assert not ada.pending
