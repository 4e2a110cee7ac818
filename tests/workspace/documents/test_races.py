"""What runs beside each other in one document: saving, compacting, closing, opening, other programs, any end."""

from __future__ import annotations

import asyncio
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coterie.wire.capabilities import Role
from coterie.wire.closing import Closing
from coterie.wire.errors import CoterieError, ErrorCode
from coterie.wire.messages import documents as wire
from coterie.workspace.documents import disk, document, outside, service, store
from coterie.workspace.documents.rebase import rebase
from coterie.workspace.documents.repository import Repository
from tests.support.waiting import eventually
from tests.workspace.documents.people import FakeMember, Page
from tests.workspace.documents.server import Gate, Server, open_logs

pytestmark = pytest.mark.usefixtures("by_hand")


async def test_opening_waits_for_the_same_documents_end(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A document that is compacted while it closes would put its log into the place of its successor's."""
    (server.files / "a").write_text("one")
    page = await server.page("a")
    await server.type(page, 3, " two")
    page.disconnect()
    monkeypatch.setattr(store, "_COMPACT_BEYOND", -1_000_000)
    gate = Gate(store.Store.write_compacted)
    monkeypatch.setattr(store.Store, "write_compacted", lambda *arguments: gate(*arguments))  # noqa: PLW0108 a function binds, an object does not
    closing = asyncio.create_task(server.unload("a"))
    await gate.reached()
    again = Page("bob", "a")
    again.connect(server.documents)
    opening = asyncio.create_task(again.deliver())
    for _ in range(20):
        await asyncio.sleep(0)
        await asyncio.to_thread(lambda: None)
    gate.open()
    await closing
    await opening
    monkeypatch.setattr(store, "_COMPACT_BEYOND", 1 << 30)
    await server.exchange(again)
    await server.type(again, 7, " three")
    assert not again.pending
    again.disconnect()
    await server.restart()
    fresh = await server.page("a")
    assert fresh.text == "one two three"


async def test_compacting_during_a_save_knows_of_it(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    (server.files / "a").write_text("one")
    page = await server.page("a")
    await server.type(page, 3, " two")
    one = server.document("a")
    gate = Gate(disk.replace, after=True)
    monkeypatch.setattr(disk, "replace", gate)
    saving = asyncio.create_task(one.save())
    await gate.reached()
    compacting = asyncio.create_task(one.compact())
    for _ in range(20):
        await asyncio.sleep(0)
        await asyncio.to_thread(lambda: None)
    # Killed here: the file is written, and the log does not say so yet.
    log = server.documents._catalogue.folder(server.documents.identity_of(one)) / "log"
    killed = log.read_bytes()
    gate.open()
    await saving
    await compacting
    monkeypatch.undo()
    page.disconnect()
    await server.end()
    log.write_bytes(killed)
    await server.start()
    page.connect(server.documents)
    await server.exchange(page)
    assert page.text == "one two"
    assert server.document("a").room.replica.text == "one two"


@pytest.mark.parametrize("typed", ["", " three"])
async def test_a_save_that_fails_after_it_was_done(server: Server, monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    (server.files / "a").write_text("one")
    page = await server.page("a")
    await server.type(page, 3, " two")
    real = disk.replace

    def fails(*arguments: Any) -> Any:
        real(*arguments)
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(disk, "replace", fails)
    one = server.document("a")
    await one.save()
    assert one.problem
    monkeypatch.setattr(disk, "replace", real)
    if typed:
        await server.type(page, 7, typed)
    await one.save()
    await server.exchange(page)
    assert page.text == "one two" + typed == (server.files / "a").read_text()
    assert not one.problem


async def test_a_restore_killed_halfway_doubles_nothing(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    (server.files / "a").write_text("one")
    page = await server.page("a")
    (server.files / "a").unlink()
    await server.look()
    await server.type(page, 3, " two")
    real = disk.replace

    def killed(*arguments: Any) -> Any:
        real(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(disk, "replace", lambda *arguments: _swallow(killed, *arguments))
    with pytest.raises(RuntimeError):
        await server.document("a").restore()
    monkeypatch.undo()
    await server.type(page, 7, " three")
    await server.restart(page)
    assert page.text == "one two three"


def _swallow(work: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return work(*arguments)
    except KeyboardInterrupt:
        raise RuntimeError("killed") from None


async def test_a_program_that_writes_what_everyone_sees(server: Server) -> None:
    """Typed while the file was gone, and then written by another program: there once."""
    (server.files / "a").write_text("one")
    page = await server.page("a")
    (server.files / "a").unlink()
    await server.look()
    await server.type(page, 3, " two")
    (server.files / "a").write_text("one two")
    await server.look()
    await server.exchange(page)
    assert page.text == "one two"
    assert not server.document("a").dirty


async def test_the_same_while_the_server_was_down(server: Server) -> None:
    (server.files / "a").write_text("one")
    page = await server.page("a")
    await server.type(page, 3, " two")
    page.disconnect()
    await server.end()
    (server.files / "a").write_text("one two")
    await server.start()
    page.connect(server.documents)
    await server.exchange(page)
    assert page.text == "one two"


async def test_typed_while_the_file_was_gone_is_saved_when_it_is_back(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    (server.files / "a").write_text("one")
    page = await server.page("a")
    (server.files / "a").rename(server.files.parent / "aside")
    await server.look()
    assert page.gone is False
    await server.type(page, 3, " two")
    one = server.document("a")
    assert one.gone
    await one.save()
    monkeypatch.setattr(document, "PAUSE", 0.01)
    (server.files.parent / "aside").rename(server.files / "a")
    await server.look()
    await eventually(lambda: not one.dirty)
    assert (server.files / "a").read_text() == "one two"


async def outlived(path: Path) -> None:
    """Wait until what is made now is younger than a file: the kernel's clock for that may go by ten milliseconds."""
    made, clock = path.stat().st_ctime_ns, path.parent.parent / "clock"

    def later() -> bool:
        clock.touch()
        return clock.stat().st_mtime_ns > made

    await eventually(later)


def made_in(inode: int, folder: Path) -> Path | None:
    """Make files until one has the inode, which another program's may have first. None: the file system keeps it."""
    for number in range(200):
        made = folder / f"b{number}"
        made.write_text("quite another")
        if made.stat().st_ino == inode:
            return made
    return None


async def test_a_file_in_a_deleted_ones_inode_is_another(server: Server) -> None:
    """ext4 gives a deleted file's inode to the next one that is made."""
    (server.files / "a").write_text("one")
    page = await server.page("a")
    await server.type(page, 3, " two")
    inode = (server.files / "a").stat().st_ino
    await outlived(server.files / "a")
    (server.files / "a").unlink()
    made_in(inode, server.files)
    await server.look()
    await server.document("a").save()
    assert server.document("a").gone
    assert not any("one" in path.read_text() for path in server.files.iterdir())
    assert page.text == "one two"


async def test_a_closed_documents_inode_is_not_its_name(server: Server) -> None:
    (server.files / "a").write_text("one")
    page = await server.page("a")
    page.disconnect()
    await server.unload("a")
    inode = (server.files / "a").stat().st_ino
    await outlived(server.files / "a")
    (server.files / "a").unlink()
    made = made_in(inode, server.files)
    if made is None:
        # Then there is no such file that could be taken for the closed one.
        pytest.skip("this file system does not use inodes again soon")
    other = await server.page(made.name)
    assert other.epoch != page.epoch


async def test_a_rename_onto_a_path_that_nobody_has_open_any_more(server: Server) -> None:
    (server.files / "old").write_text("old text")
    (server.files / "new").write_text("new text")
    old, new = await server.page("old"), await server.page("new", "bob")
    (server.files / "old").unlink()
    await server.look()
    await server.exchange(old)
    assert old.gone
    old.disconnect()
    await server.type(new, 8, " typed")
    (server.files / "new").rename(server.files / "old")
    await server.look()
    await server.exchange(new)
    assert new.path == "old"
    assert not new.gone
    await server.document("old").save()
    assert (server.files / "old").read_text() == new.text == "new text typed"
    # What the earlier file was is still in the history of its path.
    identity = server.documents.identity_of(server.document("old"))
    texts = [server.documents.history.text(identity, one.id) for one in server.documents.history.all(identity)]
    assert "old text" in texts


async def test_a_rename_onto_an_open_path_keeps_both_texts(server: Server) -> None:
    (server.files / "one").write_text("first")
    (server.files / "two").write_text("second")
    first, second = await server.page("one"), await server.page("two", "bob")
    await server.type(first, 5, " typed")
    await server.type(second, 6, " unsaved")
    (server.files / "one").rename(server.files / "two")
    second.edit(0, 0, "on its way ")
    await server.look()
    await server.exchange(first, second)
    assert first.path == second.path == "two"
    assert first.text == second.text == "on its way first typed"
    assert not first.gone
    await server.type(second, 0, "by Bob: ", first)
    two = server.document("two")
    await two.save()
    assert (server.files / "two").read_text() == first.text == "by Bob: on its way first typed"
    identity = server.documents.identity_of(two)
    kept = {one.name: server.documents.history.text(identity, one.id) for one in server.documents.history.all(identity)}
    assert kept["two before one took its place"] == "second unsaved"
    (own,) = (text for name, text in kept.items() if name.startswith("Bob's text"))
    assert own == "on its way second unsaved", "what only his page had is kept too"


async def test_a_chain_of_renames_of_open_files(server: Server) -> None:
    """What made room is followed to where it went, also when nobody has that open."""
    for name in ("a", "b", "c"):
        (server.files / name).write_text(f"text of {name}")
    a, b, c = [await server.page(name, user) for name, user in (("a", "ada"), ("b", "bob"), ("c", "cy"))]
    (server.files / "c").rename(server.files / "old")
    (server.files / "b").rename(server.files / "c")
    (server.files / "a").rename(server.files / "b")
    await server.look()
    await server.exchange(a, b, c)
    assert [(page.path, page.text) for page in (a, b, c)] == [
        ("b", "text of a"),
        ("c", "text of b"),
        ("old", "text of c"),
    ]


async def test_files_that_changed_places(server: Server) -> None:
    """Each path has the other's text then, and both keep what is not saved."""
    for name in ("a", "b"):
        (server.files / name).write_text(f"text of {name}\n")
    a, b = await server.page("a"), await server.page("b", "bob")
    await server.type(a, 0, "unsaved\n")
    for source, target in (("a", "aside"), ("b", "a"), ("aside", "b")):
        (server.files / source).rename(server.files / target)
    await server.look()
    await server.exchange(a, b)
    assert (a.path, b.path) == ("a", "b")
    assert a.text == "unsaved\ntext of b\n"
    assert b.text == "text of a\n"


async def test_renamed_moved_deleted_and_made_again(server: Server) -> None:
    (server.files / "notes.txt").write_text("a line\n")
    (server.files / "folder").mkdir()
    page, other = await server.page("notes.txt"), await server.page("notes.txt", "bob")
    for old, new in (("notes.txt", "other.txt"), ("other.txt", "folder/other.txt")):
        await server.type(page, 0, "typed ", other)
        (server.files / old).rename(server.files / new)
        await server.look()
        await server.exchange(page, other)
        assert page.path == other.path == new
    await server.document("folder/other.txt").save()
    (server.files / "folder/other.txt").unlink()
    await server.look()
    await server.type(page, 0, "more ", other)
    other.disconnect()
    (server.files / "notes.txt").write_text("")
    fresh = await server.page("notes.txt", "cy")
    assert fresh.text == ""
    await server.type(fresh, 0, "new")
    other.reload()
    other.connect(server.documents)
    await server.restart(page, other, fresh)
    await server.look()
    await server.exchange(page, other, fresh)
    assert fresh.text == "new"
    assert page.text == other.text == "more typed typed a line\n"
    assert page.path == other.path == "folder/other.txt"


async def test_a_member_that_leaves_while_a_document_opens(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "IDLE", 0.0)
    (server.files / "a").write_text("one")
    page = Page("ada", "a")
    page.connect(server.documents)
    member = page.member
    assert member is not None
    opening = asyncio.create_task(page.deliver())
    await asyncio.sleep(0)
    server.documents.left(member)
    await opening
    await eventually(lambda: not server.documents.open_documents)


async def test_a_deleted_files_document_is_closed_and_keeps_its_text(server: Server) -> None:
    (server.files / "a").write_text("one")
    page = await server.page("a")
    (server.files / "a").unlink()
    await server.look()
    await server.type(page, 3, " two")
    page.disconnect()
    await server.unload("a")
    assert not server.documents.open_documents
    page.connect(server.documents)
    await server.exchange(page)
    assert page.text == "one two"
    assert page.gone


async def test_pages_bring_back_what_a_log_lost(server: Server) -> None:
    """After a power cut whoever is first brings the others' typing too, and is not sent away for it."""
    (server.files / "a").write_text("one")
    ada, bob = await server.page("a"), await server.page("a", "bob")
    one = server.document("a")
    log = server.documents._catalogue.folder(server.documents.identity_of(one)) / "log"
    before = log.read_bytes()
    await server.type(ada, 3, " ada", bob)
    await server.type(bob, 0, "bob ", ada)
    await server.type(ada, 4, "more ", bob)
    for page in (ada, bob):
        page.disconnect()
    await server.end()
    log.write_bytes(before)
    await server.start()
    for page in (bob, ada):
        page.connect(server.documents)
    # Both have joined before either brings anything.
    for page in (bob, ada):
        await page.deliver(1)
    await server.exchange(ada, bob)
    for page in (ada, bob):
        assert page.member is not None
        assert page.member.closed is None
        assert page.text == "bob more one ada"
    assert server.document("a").room.replica.text == ada.text


async def test_nobody_writes_as_somebody_else(server: Server) -> None:
    (server.files / "a").write_text("one")
    ada, bob = await server.page("a"), await server.page("a", "bob")
    bob._begin(type(bob.doc)(client_id=ada.doc.client_id), type(bob.doc)())
    bob.doc.apply_update(server.document("a").room.replica.state)
    bob.edit(0, 0, "forged")
    await bob.deliver()
    assert bob.member is not None
    assert bob.member.closed is Closing.MALFORMED
    assert ada.text == "one" == server.document("a").room.replica.text


async def test_an_acknowledgement_never_follows_the_next_opening(server: Server) -> None:
    """Edits are counted from 1 again after an opening on the same connection."""
    (server.files / "a").write_text("one")
    page = await server.page("a")
    page.edit(3, 0, " two")
    await page.deliver()
    assert page.member is not None
    page.sent.append(wire.DocumentOpen(7, "a", page.epoch, page.doc.get_state(), page.doc.client_id))
    await page.deliver()
    server.document("a").room.flush()
    kinds = [type(message) for message in page.member.inbox]
    assert kinds.index(wire.DocumentAck) < kinds.index(wire.DocumentOpened)
    assert kinds.count(wire.DocumentAck) == 1


async def test_looking_survives_whatever_goes_wrong(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    (server.files / "a").write_text("one")
    page = await server.page("a")
    monkeypatch.setattr(outside, "LOOK_EVERY", 0.01)
    failed = threading.Event()

    def fails() -> None:
        failed.set()
        raise RuntimeError("something unforeseen")

    with monkeypatch.context() as patch:
        patch.setattr(server.documents.outside, "_operation", fails)
        server.documents.outside.start()
        await eventually(failed.is_set)
    (server.files / "a").write_text("one two")

    async def told() -> bool:
        await server.exchange(page)
        return page.text == "one two"

    await eventually(told)
    await server.documents.outside.stop()


async def test_what_git_does_while_two_documents_open_is_its_own(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    (server.files / ".git" / "logs").mkdir(parents=True)
    (server.files / ".git" / "HEAD").touch()
    gates = [Gate(Repository), Gate(Repository)]
    ways = iter(gates)

    def read(*arguments: Any) -> Any:
        return next(ways)(*arguments)

    monkeypatch.setattr(outside, "Repository", read)
    (server.files / "a").touch()
    opening = asyncio.create_task(server.page("a"))
    await gates[0].reached()
    following = asyncio.create_task(server.documents.outside.follow())
    await gates[1].reached()
    gates[0].open()
    await opening
    await eventually(lambda: server.documents.outside._repositories)
    old, new = "1" * 40, "2" * 40
    (server.files / ".git" / "logs" / "HEAD").write_text(f"{old} {new} Ada <ada> 0 +0000\tcheckout: to main\n")
    gates[1].open()
    await following
    done = server.documents.outside._operation()
    assert done
    assert (done.old, done.new) == (old, new)


async def test_a_document_that_cannot_be_opened_leaves_no_descriptor(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    (server.files / "a").write_text("one")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    page = Page("ada", "a")
    page.connect(server.documents)
    page.disconnect()
    with monkeypatch.context() as patch:
        patch.setattr(store, "_write", full)
        member = FakeMember("ada", Role.MEMBER)
        server.documents.joined(member)
        opening = server.documents.handlers()[wire.DocumentOpen]
        for _ in range(3):
            with pytest.raises(CoterieError):
                await opening(member, wire.DocumentOpen(1, "a"))  # type: ignore[misc]
        assert open_logs(server.files.parent) == []


async def test_a_long_rebase_holds_nobody_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is found on another thread while people type; two that carry the same over do it once."""
    (server.files / "a").write_text("one")
    page = await server.page("a")
    one = server.document("a")
    gate = Gate(rebase)
    monkeypatch.setattr("coterie.workspace.documents.document.rebase", gate)
    author = store.Author(0, "bob", "Bob", 0, 0)
    rebases = [asyncio.create_task(one.rebase(name, "one", "one carried", author)) for name in ("first", "second")]
    await gate.reached()
    await server.type(page, 0, "typed ")
    gate.open()
    assert [done.version for done in await asyncio.gather(*rebases)] == [0, 0]
    await server.exchange(page)
    assert page.text == one.room.replica.text == "typed one carried"


async def test_a_rebase_that_was_cut_off_changes_nothing(server: Server) -> None:
    (server.files / "a").write_text("one two three")
    page = await server.page("a")
    assert page.member is not None
    packed = zlib.compress(b"one two three" * 100)
    message = wire.DocumentRebase(1, server.document("a").number, "identity", packed, packed[: len(packed) // 2])
    page.sent.append(message)
    await server.exchange(page)
    assert [failure.code for failure in page.failures] == [ErrorCode.INVALID]
    assert page.text == "one two three"


def test_a_new_history_overtakes_a_compaction(tmp_path: Path) -> None:
    log = store.Store(tmp_path / "log")
    log.load()
    log.replace([store.pack(store.Epoch("old"))])
    log.begin_compaction()
    log.write_compacted([store.pack(store.Epoch("old"))])
    log.replace([store.pack(store.Epoch("new"))])
    log.append([store.pack(store.State(b"text"))])
    log.end_compaction(written=True)
    log.append([store.pack(store.State(b"more"))])
    log.close()
    again = store.Store(tmp_path / "log")
    assert again.load() == [store.Epoch("new"), store.State(b"text"), store.State(b"more")]
    again.close()
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


async def test_a_save_waits_for_a_log_that_is_being_synchronised(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    (server.files / "a").write_text("one")
    page = await server.page("a")
    await server.type(page, 3, " two")
    one = server.document("a")
    gate = Gate(store.Store.sync, after=True)
    monkeypatch.setattr(store.Store, "sync", lambda *arguments: gate(*arguments))  # noqa: PLW0108 a function binds, an object does not
    first = asyncio.create_task(one.sync())
    await gate.reached()
    second = asyncio.create_task(one.sync())
    for _ in range(20):
        await asyncio.sleep(0)
    assert not second.done()
    gate.open()
    await asyncio.gather(first, second)
