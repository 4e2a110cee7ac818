"""A page whose text is another one than the server's is found out, healed, told of it, and named in the log."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.workspace.documents.server import Server
from tests.workspace.documents.tabs import Node, Tab, Tabs

PAUSE = 3.1
"""Seconds after typing until the page compares."""


@pytest.fixture
def tabs() -> Iterator[Tabs]:
    node = Node()
    yield Tabs(node, {"ada": "ada", "bob": "bob"})
    node.close()


@pytest.fixture
def server(server: Server) -> Server:
    (server.files / "a.txt").write_text("one two three")
    return server


async def exchange(server: Server, tabs: Tabs) -> None:
    while any(tab.connection and (tab.connection.sent or tab.connection.member.inbox) for tab in tabs):
        for tab in tabs:
            if tab.connection:
                await tab.connection.deliver()
        for one in server.documents.open_documents:
            one.room.flush()
        for tab in tabs:
            tab.receive()


async def both_open(server: Server, tabs: Tabs) -> tuple[Tab, Tab]:
    for tab in tabs:
        tab.ask("show", name="a", path="a.txt")
        tab.connect(server.documents)
    await exchange(server, tabs)
    return tabs["ada"], tabs["bob"]


async def until_compared(server: Server, tabs: Tabs, times: int) -> None:
    for _ in range(times):
        tabs.elapse(PAUSE)
        await exchange(server, tabs)


async def test_a_text_that_differs_is_healed_and_logged(
    server: Server, tabs: Tabs, caplog: pytest.LogCaptureFixture
) -> None:
    ada, bob = await both_open(server, tabs)
    await until_compared(server, tabs, 1)
    assert ada.documents["a"]["proven"]
    ada.ask("mutilate", name="a", at=3, remove=4)
    assert ada.text == "one three"
    bob.edit("a", 13, 0, " four")
    await exchange(server, tabs)
    assert ada.text == "one three four"
    await until_compared(server, tabs, 3)
    assert ada.text == bob.text == "one two three four"
    assert ada.documents["a"]["proven"]
    assert bob.documents["a"]["proven"]
    assert [notice for notice in ada.notices if "had another text" in notice]
    assert not bob.notices
    assert ada.connection
    (said, *_) = [record.getMessage() for record in caplog.records if "checksum" in record.getMessage()]
    for part in ("a.txt", f"connection {ada.connection.member.id} of ada", "14 bytes", "(18, "):
        assert part in said


async def test_an_update_that_never_arrived_is_fetched(server: Server, tabs: Tabs) -> None:
    ada, bob = await both_open(server, tabs)
    bob.edit("a", 0, 0, "zero ")
    assert bob.connection
    assert ada.connection
    await bob.connection.deliver()
    server.document("a.txt").room.flush()
    assert ada.connection.member.inbox
    ada.connection.member.inbox.clear()
    await exchange(server, tabs)
    assert ada.text == "one two three"
    bob.edit("a", 0, 0, "And ")
    await exchange(server, tabs)
    await until_compared(server, tabs, 3)
    assert ada.text == bob.text == "And zero one two three"
    assert ada.documents["a"]["proven"]
    assert [notice for notice in ada.notices if "had missed" in notice]
