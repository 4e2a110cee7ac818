"""A deleted file that is written again is the file that was deleted."""

from __future__ import annotations

import codecs
import shutil
import stat

import pytest

from coterie.wire.capabilities import Role
from coterie.wire.errors import ErrorCode
from coterie.wire.messages import documents as wire
from tests.workspace.documents.people import FakeMember, Page
from tests.workspace.documents.server import Server

pytestmark = pytest.mark.usefixtures("by_hand")

FILES = [
    b"",
    b"plain\n",
    codecs.BOM_UTF8 + b"with a mark\r\n",
    b"caf\xe9\r\nno end",
    "two\r\nbytes\r\n".encode("utf-16"),
    b"mixed\r\nends\nhere\rand there\r\n",
]


async def restore(server: Server, page: Page) -> None:
    page.sent.append(wire.DocumentRestore(9, page._document))
    await server.exchange(page)
    assert not page.failures


@pytest.mark.parametrize("how", ["open", "unloaded", "restarted", "compacted"])
@pytest.mark.parametrize("data", FILES, ids=["empty", "plain", "mark", "latin-1", "utf-16", "mixed"])
async def test_bytes_and_mode_are_what_they_were(server: Server, data: bytes, how: str) -> None:
    path = server.files / "a.txt"
    path.write_bytes(data)
    path.chmod(0o750)
    ada = await server.page("a.txt", "ada")
    path.unlink()
    await server.look()
    await server.exchange(ada)
    assert ada.gone
    if how == "compacted":
        await server.document("a.txt").compact()
    if how == "unloaded":
        ada.disconnect()
        await server.unload("a.txt")
        ada.connect(server.documents)
        await server.exchange(ada)
    elif how != "open":
        await server.restart(ada)
    assert ada.gone
    await restore(server, ada)
    assert path.read_bytes() == data
    assert stat.S_IMODE(path.stat().st_mode) == 0o750
    assert not ada.gone


async def test_with_what_was_typed_since(server: Server) -> None:
    path = server.files / "a.txt"
    path.write_bytes(b"one\r\ntwo\nthree\r\n")
    ada = await server.page("a.txt", "ada")
    path.unlink()
    await server.look()
    await server.type(ada, 8, "new\n")
    await server.restart(ada)
    await restore(server, ada)
    assert path.read_bytes() == b"one\r\ntwo\nnew\r\nthree\r\n"


async def test_a_folder_that_vanished_comes_back_with_what_was_not_saved(server: Server) -> None:
    path = server.files / "deep" / "er" / "a.txt"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"one")
    ada, ben = await server.page("deep/er/a.txt", "ada"), await server.page("deep/er/a.txt", "ben")
    await server.type(ada, 3, " two", ben)
    shutil.rmtree(server.files / "deep")
    await server.document("deep/er/a.txt").save()
    await server.look()
    await server.exchange(ada, ben)
    assert ada.gone
    assert ben.gone
    await server.type(ben, 7, " three", ada)
    await server.restart(ada, ben)
    assert ada.text == ben.text == "one two three"
    await restore(server, ada)
    assert path.read_bytes() == b"one two three"


@pytest.mark.parametrize("log", [None, b"", b"\0" * 40, b"\xff" * 9], ids=["none", "empty", "zeros", "noise"])
async def test_with_its_log_lost_pages_bring_what_they_have(server: Server, log: bytes | None) -> None:
    path = server.files / "a.txt"
    path.write_bytes(b"one")
    ada, ben = await server.page("a.txt", "ada"), await server.page("a.txt", "ben")
    await server.type(ada, 3, " two", ben)
    path.unlink()
    await server.look()
    ada.disconnect()
    ben.disconnect()
    ada.edit(7, 0, " three")
    lost = server.documents._catalogue.folder(server.documents.identity_of(server.document("a.txt"))) / "log"
    await server.end()
    if log is None:
        lost.unlink()
    else:
        lost.write_bytes(log)
    await server.start()
    for page in (ada, ben):
        page.connect(server.documents)
    await server.exchange(ada, ben)
    assert not ada.failures + ben.failures
    assert ada.gone
    assert ben.gone
    identity = server.documents.identity_of(server.document("a.txt"))
    kept = [server.documents.history.text(identity, version) for version in ada.notices + ben.notices]
    assert kept == ["one two three", "one two"]
    assert ada.text == ben.text == " three"
    await server.type(ada, 0, "four", ben)
    await server.restart(ada, ben)
    await restore(server, ben)
    assert path.read_bytes() == b"four three"


async def test_with_its_log_lost_a_page_that_may_only_watch_is_not_given_an_empty_text(server: Server) -> None:
    path = server.files / "a.txt"
    path.write_bytes(b"one")
    watcher = await server.page("a.txt", "ada")
    path.unlink()
    await server.look()
    watcher.disconnect()
    lost = server.documents._catalogue.folder(server.documents.identity_of(server.document("a.txt"))) / "log"
    await server.end()
    lost.unlink()
    await server.start()
    watcher.connect(server.documents)
    assert watcher.member
    watcher.member.ticket = FakeMember("ada", Role.WATCHER).ticket
    await server.exchange(watcher)
    (refused,) = watcher.failures
    assert refused.code is ErrorCode.NOT_FOUND
    assert "may be the only copy" in refused.sentence
    assert watcher.text == "one"
    path.write_bytes(b"two")
    await server.look()
    watcher._open("")
    await server.exchange(watcher)
    assert watcher.joined, "there is a file again"
