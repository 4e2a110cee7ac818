"""Open documents in which nothing happens: they keep their state alone, and wake up as they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from coterie.workspace.documents.replica import Replica
from coterie.workspace.documents.text import Edit
from tests.workspace.documents.server import Server, open_logs

pytestmark = pytest.mark.usefixtures("by_hand")


def test_a_replica_at_rest_is_the_same() -> None:
    replica, other = Replica(), Replica()
    update = replica.edit([Edit(0, 0, "grüße")])
    before, state = replica.text, replica.state
    replica.rest()
    assert not replica.awake
    assert replica.state == state
    assert not replica.awake
    assert (replica.text, replica.since(b"\0")) == (before, state)
    replica.rest()
    other.accept(update, other.check(update))
    late = other.edit([Edit(5, 5, "!")])
    replica.rest()
    replica.accept(late, replica.check(late))
    assert replica.text == other.text == "grüße!"
    replica.rest()
    replica.edit([Edit(0, 0, ">")])
    assert replica.text == ">grüße!"


async def test_an_open_document_rests_and_wakes_up(tmp_path: Path) -> None:
    server = Server(tmp_path)
    await server.start()
    (server.files / "a.txt").write_text("one")
    ada = await server.page("a.txt", "ada")
    ben = await server.page("a.txt", "ben")
    await server.type(ada, 3, " two", ben)
    one = server.document("a.txt")
    assert not one.rest(large=True), "nothing rests that is not saved"
    await one.save()
    await one.sync()
    one.room.settle()
    assert one.rest(large=False)
    assert not one.awake
    assert open_logs(tmp_path) == []
    await server.type(ben, 7, " three", ada)
    assert ada.text == ben.text == one.room.replica.text == "one two three"
    await server.restart(ada, ben)
    assert ada.text == "one two three"
    await server.end()
