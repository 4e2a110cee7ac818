"""A full disk at a save, a document that refuses an update, a file that is another one when somebody looks again."""

from __future__ import annotations

import asyncio
import errno
import os
from typing import Any

import pytest

from coterie.wire.errors import ErrorCode
from coterie.wire.messages import documents as wire
from coterie.workspace.documents import disk, store
from coterie.workspace.documents.replica import BrokenError, Replica
from tests.workspace.documents.medium import Medium
from tests.workspace.documents.people import Page
from tests.workspace.documents.server import Server

pytestmark = pytest.mark.usefixtures("by_hand")


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


@pytest.mark.parametrize("order", [("b.txt", "a.txt"), ("a.txt", "b.txt")])
@pytest.mark.parametrize("looked", [False, True])
async def test_a_file_that_was_renamed_and_replaced(server: Server, order: tuple[str, str], looked: bool) -> None:
    """Both the path and the file that was there go on with the history, in whatever order they are opened."""
    (server.files / "a.txt").write_text("one")
    ada = await server.page("a.txt", "ada")
    await server.type(ada, 3, " two")
    await server.document("a.txt").save()
    if not looked:
        ada.disconnect()
        await server.unload("a.txt")
    (server.files / "a.txt").rename(server.files / "b.txt")
    (server.files / "a.txt").write_text("another file")
    if looked:
        await server.look()
    pages = {path: await server.page(path, "ben") for path in order}
    assert (pages["a.txt"].text, pages["b.txt"].text) == ("another file", "one two")
    history = server.documents.history
    for path in order:
        identity = server.documents.identity_of(server.document(path))
        texts = [history.text(identity, version.id) for version in history.all(identity)]
        assert "one" in texts, f"the history of {path}: {texts}"
    identity = server.documents.identity_of(server.document("a.txt"))
    assert "one two" in [history.text(identity, version.id) for version in history.all(identity)]
    await server.type(pages["b.txt"], 0, "b: ")
    await server.type(pages["a.txt"], 0, "a: ")
    for name in order:
        await server.document(name).save()
    assert (server.files / "b.txt").read_text() == "b: one two"
    assert (server.files / "a.txt").read_text() == "a: another file"


@pytest.mark.parametrize("mode", [0o400, 0o444, 0o000])
async def test_a_file_that_may_not_be_written_is_not(server: Server, mode: int) -> None:
    path = server.files / "a.txt"
    path.write_text("one")
    ada, ben = await server.page("a.txt", "ada"), await server.page("a.txt", "ben")
    path.chmod(mode)
    await server.type(ada, 3, " two", ben)
    await server.document("a.txt").save()
    for page in (ada, ben):
        (told,) = heard(page)
        assert not told.saved
        assert "does not permit" in told.problem
    assert path.stat().st_mode & 0o777 == mode
    path.chmod(0o644)
    assert path.read_text() == "one"
    await server.document("a.txt").save()
    assert path.read_text() == "one two"
    assert [told.saved for told in heard(ada)] == [True]


@pytest.mark.parametrize("had", [False, True], ids=["anew", "again"])
async def test_whoever_is_refused_for_a_while_is_let_in_when_asking_again(
    server: Server, monkeypatch: pytest.MonkeyPatch, had: bool
) -> None:
    (server.files / "a.txt").write_text("one")
    ada = Page("ada", "a.txt")
    if had:
        ada = await server.page("a.txt", "ada")
        ada.disconnect()
        await server.unload("a.txt")
        ada.edit(3, 0, " offline")

    def exhausted(*_: Any, **__: Any) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as broken:
        broken.setattr(store.Store, "load", exhausted)
        ada.connect(server.documents)
        await server.exchange(ada)
        (refused,) = ada.failures
        assert refused.code is ErrorCode.UNAVAILABLE
        assert not ada.joined
    ada._open(ada.epoch)
    await server.exchange(ada)
    assert ada.joined
    assert ada.text == server.document("a.txt").room.replica.text == ("one offline" if had else "one")


async def test_a_disk_that_can_only_be_read(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a kernel makes one of a disk with errors: what is open stays open, and nothing can be written any more."""
    (server.files / "a.txt").write_text("one")
    ada, ben = await server.page("a.txt", "ada"), await server.page("a.txt", "ben")
    (server.files / "b.txt").write_text("other")

    def readonly(*_: Any, **__: Any) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as broken:
        for owner, name in ((disk, "_write_new"), (os, "pwrite"), (store, "_write")):
            broken.setattr(owner, name, readonly)
        ada.edit(3, 0, " two")
        await ada.deliver()
        server.document("a.txt").room.flush()
        assert "cannot be written to (read-only file system)" in heard(ada)[0].problem
        await server.exchange(ada, ben)
        assert ben.text == "one two", "people go on together"
        await server.document("a.txt").save()
        for page in (ada, ben):
            (told, *_) = heard(page)
            assert "cannot be written to" in told.problem
        assert ada.pending, "nothing is confirmed that is not in the log"
        late = Page("cas", "b.txt")
        late.connect(server.documents)
        await late.deliver()
        (refused,) = late.failures
        assert "cannot be written to" in refused.sentence
    server.document("a.txt").room.flush()
    await server.exchange(ada, ben)
    await server.document("a.txt").save()
    assert not ada.pending
    assert (server.files / "a.txt").read_text() == "one two"


async def test_another_programs_text_on_a_full_disk_waits(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not in the log is shown to nobody: a server killed then would make it a second time."""
    (server.files / "a.txt").write_text("one")
    ada = await server.page("a.txt", "ada")
    (server.files / "new").write_text("one two")
    (server.files / "new").replace(server.files / "a.txt")

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as while_full:
        while_full.setattr(os, "pwrite", full)
        await server.look()
        assert "full" in heard(ada)[-1].problem
        assert ada.text == "one"
    await server.restart(ada)
    assert ada.text == "one two"


@pytest.mark.parametrize("killed", [False, True])
async def test_a_file_that_has_its_older_bytes_again_is_changed(server: Server, killed: bool) -> None:
    """A branch is checked out, and the one from before again while nobody has the file open."""
    path = server.files / "a.txt"
    path.write_text("main\n")
    ada = await server.page("a.txt", "ada")
    path.write_text("feature\n")
    await server.look()
    await server.exchange(ada)
    await server.type(ada, 0, "typed ")
    await server.document("a.txt").save()
    ada.disconnect()
    await (server.restart() if killed else server.unload("a.txt"))
    path.write_text("main\n")
    ben = await server.page("a.txt", "ben")
    assert ben.text == "main\n"
    await server.document("a.txt").save()
    assert path.read_text() == "main\n"


async def test_what_was_carried_over_outlasts_a_cut_of_power_once_others_saw_it(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else they would bring back what they saw, and whoever carried it over the same text once more."""
    medium = Medium()
    medium.install(monkeypatch)
    (server.files / "a.txt").write_text("one")
    medium.settle(server.files)
    ada, ben = await server.page("a.txt", "ada"), await server.page("a.txt", "ben")
    ada.disconnect()
    ada.edit(0, 0, "typed ")
    await server.document("a.txt")._begin_again()
    await server.document("a.txt").sync()
    ada.connect(server.documents)
    await server.exchange(ada, ben)
    assert (ada.text, ben.text) == ("typed one", "typed one")
    log = server.documents._catalogue.folder(server.documents.identity_of(server.document("a.txt")))
    await server.end()
    medium.cut(log, names=False, kept=0, noise=b"")
    await server.start()
    assert (await server.page("a.txt", "cy")).text == "typed one"


async def test_changed_after_a_save_of_which_nobody_knows_whether_it_was_done(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was typed may look like what the other program removed: it is a version with a name."""
    path = server.files / "a.txt"
    path.write_text("")
    ada = await server.page("a.txt", "ada")
    await server.type(ada, 0, "one; two: three; four")
    ada.disconnect()
    with monkeypatch.context() as patch:
        patch.setattr(disk, "_exchange", _fails)
        await server.document("a.txt").save()
    await server.restart()
    # Neither the file that was there nor the one that was to be.
    other = server.files / "other"
    other.write_text("xx; yy:")
    other.replace(path)
    ben = await server.page("a.txt", "ben")
    assert "xx; yy:" in ben.text
    identity, history = server.documents.identity_of(server.document("a.txt")), server.documents.history
    named = {one.name: history.text(identity, one.id) for one in history.all(identity) if one.name}
    assert named == {"a.txt before another program changed it": "one; two: three; four"}


def _fails(*_given: Any) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))
