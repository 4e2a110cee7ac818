"""A full disk at a save, a document that refuses an update, a file that is another one when somebody looks again."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from coterie.wire.messages import documents as wire
from coterie.workspace.documents import disk, document, outside, service
from coterie.workspace.documents.replica import BrokenError, Replica
from tests.workspace.documents.people import Page
from tests.workspace.documents.test_hunt_races import Server


@pytest.fixture(autouse=True)
def _by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PAUSE", "LONGEST", "RETRY"):
        monkeypatch.setattr(document, name, 1e6)
    monkeypatch.setattr(service, "IDLE", 1e6)
    monkeypatch.setattr(outside, "MISSING_FOR", 0.0)


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    one = Server(tmp_path)
    await one.start()
    yield one
    await one.end()


def heard(page: Page) -> list[Any]:
    """What a page was told about saving, oldest first, and what else it was sent, taken in."""
    assert page.member
    told = [message for message in page.member.inbox if isinstance(message, wire.DocumentSaved)]
    page.receive()
    return told


async def test_a_full_disk_at_a_save(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    (server.files / "a.txt").write_text("one")
    ada, ben = await server.page("a.txt", "ada"), await server.page("a.txt", "ben")
    await server.type(ada, 3, " two", ben)

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as while_full:
        while_full.setattr(disk, "_write", full)
        await server.document("a.txt").save()
        for page in (ada, ben):
            (told,) = heard(page)
            assert not told.saved
            assert "full" in told.problem
        await server.type(ben, 7, " three", ada)
        await server.document("a.txt").save()
        late = await server.page("a.txt", "cas")
        assert late.text == "one two three", "the text is in memory"
        assert (server.files / "a.txt").read_text() == "one", "the file is whole"
        await server.restart(ada, ben)
        assert ada.text == ben.text == "one two three", "the text is in the log"
    await server.document("a.txt").save()
    assert (server.files / "a.txt").read_text() == "one two three"
    assert [told.saved for told in heard(ada)] == [told.saved for told in heard(ben)] == [True]


async def test_a_refused_update_begins_a_new_history_with_everything_else(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    (server.files / "a.txt").write_text("one")
    ada, ben = await server.page("a.txt", "ada"), await server.page("a.txt", "ben")
    await server.type(ada, 3, " two", ben)
    one = server.document("a.txt")
    before = one.room.epoch

    def refuses(*_: Any) -> None:
        raise BrokenError("refused")

    with monkeypatch.context() as broken:
        broken.setattr(Replica, "accept", refuses)
        ben.edit(0, 0, "bad")
        await ben.deliver()
    assert ben.member
    assert ben.member.closed is not None
    ben.disconnect()
    await asyncio.gather(*one._tasks)
    await server.exchange(ada)
    assert one.room.epoch != before
    assert one.room.replica.text == ada.text == "one two"
    await server.type(ada, 7, " three")
    await one.save()
    assert (server.files / "a.txt").read_text() == "one two three"


async def test_a_file_that_was_renamed_and_replaced_while_nobody_looked(server: Server) -> None:
    (server.files / "a.txt").write_text("one")
    ada = await server.page("a.txt", "ada")
    await server.type(ada, 3, " two")
    one = server.document("a.txt")
    await one.save()
    identity = server.documents.identity_of(one)
    ada.disconnect()
    await server.unload("a.txt")
    (server.files / "a.txt").rename(server.files / "b.txt")
    (server.files / "a.txt").write_text("another file")
    ben, cas = await server.page("b.txt", "ben"), await server.page("a.txt", "cas")
    assert ben.text == "one two"
    assert cas.text == "another file"
    versions = server.documents.history.all(server.documents.identity_of(server.document("b.txt")))
    texts = [server.documents.history.text(identity, version.id) for version in versions]
    assert "one" in texts, f"history follows the file: {texts}"
    await server.type(ben, 0, "b: ")
    await server.type(cas, 0, "a: ")
    for name in ("a.txt", "b.txt"):
        await server.document(name).save()
    assert (server.files / "b.txt").read_text() == "b: one two"
    assert (server.files / "a.txt").read_text() == "a: another file"
