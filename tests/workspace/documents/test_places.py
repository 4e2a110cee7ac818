"""Files that are moved while nobody has them open, or while the server is down: their documents are found again."""

from __future__ import annotations

from typing import Any

import pytest

from coterie.workspace.documents import disk, inplace
from coterie.workspace.documents.service import Documents
from coterie.workspace.documents.store import Disk, pack, unpack
from tests.workspace.documents.people import Page
from tests.workspace.documents.server import Server

pytestmark = pytest.mark.usefixtures("by_hand")


async def typed(server: Server, path: str, user: str) -> Page:
    """A page that was left after something was typed, which only the log holds."""
    if not (server.files / path).exists():
        (server.files / path).write_text(f"file {path}")
    page = await server.page(path, user)
    await server.type(page, 0, f"{user}'s ")
    page.disconnect()
    return page


def move(server: Server, *steps: tuple[str, str]) -> None:
    for old, new in steps:
        (server.files / old).rename(server.files / new)


def kept(server: Server, path: str) -> dict[str, str | None]:
    """The named versions of a file."""
    identity, history = server.documents.identity_of(server.document(path)), server.documents.history
    return {one.name: history.text(identity, one.id) for one in history.all(identity) if one.name}


@pytest.mark.parametrize("at", ["before the exchange", "after the exchange", "after the save"])
async def test_a_file_that_was_saved_is_known_after_a_kill(
    server: Server, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    page = await typed(server, "a", "ada")
    with monkeypatch.context() as patch:
        if at == "before the exchange":
            patch.setattr(disk, "_exchange", _killed)
        if at != "after the save":
            patch.setattr(Documents, "note_file", _nothing)
        await server.document("a").save()
    await server.restart()
    move(server, ("a", "b"))
    ben = await server.page("b", "ben")
    assert ben.epoch == page.epoch
    assert ben.text == "ada's file a"


@pytest.mark.parametrize("done", [True, False])
async def test_files_that_change_places_after_a_save_that_was_cut_short(
    server: Server, monkeypatch: pytest.MonkeyPatch, done: bool
) -> None:
    """Which of the two files there is tells whether what was typed went along with it, or is to be saved still."""
    await typed(server, "a", "ada")
    (server.files / "c").write_text("something else")
    exchange = disk._exchange

    def killed(*given: Any) -> None:
        if done:
            exchange(*given)
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(disk, "_exchange", killed)
        await server.document("a").save()
    await server.restart()
    move(server, ("a", "b"), ("c", "a"))
    ben = await server.page("a", "ben")
    assert (server.files / "b").read_text() == ("ada's file a" if done else "file a")
    assert ("ada's" in ben.text) is not done


async def test_changed_after_a_save_that_was_cut_short_over_a_file_of_the_same_bytes(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The document's own file has another name meanwhile, which does not say that the save was not done."""
    for name in ("a", "other"):
        (server.files / name).write_text("file a")
    await typed(server, "a", "ada")
    move(server, ("a", "b"), ("other", "a"))
    with monkeypatch.context() as patch:
        patch.setattr(disk, "_sync_folder", _killed)
        await server.document("a").save()
    await server.restart()
    assert (server.files / "a").read_text() == "ada's file a"
    (server.files / "other").write_text("ada's file a and more")
    move(server, ("other", "a"))
    assert (await server.page("a", "ben")).text == "ada's file a and more"


async def test_what_another_program_put_there_is_known_after_a_kill(server: Server) -> None:
    page = await typed(server, "a", "ada")
    (server.files / "other").write_text("other file a")
    move(server, ("other", "a"))
    await server.look()
    await server.restart()
    move(server, ("a", "b"))
    assert (await server.page("b", "ben")).epoch == page.epoch


async def test_onto_the_path_of_another_one(server: Server) -> None:
    """The file takes its document along, and what that path's own log held is a version with a name."""
    a, _ = await typed(server, "a", "ada"), await typed(server, "b", "ben")
    await server.restart()
    move(server, ("a", "b"))
    page = await server.page("b", "cy")
    assert (page.epoch, page.text) == (a.epoch, "ada's file a")
    assert kept(server, "b") == {"b before another file took its place": "ben's file b"}


async def test_an_open_one_onto_the_path_of_a_closed_one(server: Server) -> None:
    await typed(server, "b", "ben")
    await server.restart()
    (server.files / "a").write_text("file a")
    ada = await server.page("a", "ada")
    move(server, ("a", "b"))
    await server.look()
    await server.exchange(ada)
    assert (ada.path, ada.text) == ("b", "file a")
    assert kept(server, "b") == {"b before another file took its place": "ben's file b"}


@pytest.mark.parametrize("order", [("b", "c"), ("c", "b")])
async def test_one_after_the_other(server: Server, order: tuple[str, str]) -> None:
    a, b = await typed(server, "a", "ada"), await typed(server, "b", "ben")
    await server.restart()
    move(server, ("b", "c"), ("a", "b"))
    pages = {path: await server.page(path, "cy") for path in order}
    assert (pages["b"].epoch, pages["b"].text) == (a.epoch, "ada's file a")
    assert (pages["c"].epoch, pages["c"].text) == (b.epoch, "ben's file b")


async def test_files_that_changed_places_while_nobody_looked(server: Server) -> None:
    a, b = await typed(server, "a", "ada"), await typed(server, "b", "ben")
    await server.restart()
    move(server, ("a", "aside"), ("b", "a"), ("aside", "b"))
    one, two = await server.page("a", "cy"), await server.page("b", "cy")
    assert (one.epoch, one.text) == (a.epoch, "ada's file b")
    assert (two.epoch, two.text) == (b.epoch, "ben's file a")


async def test_a_file_that_is_another_documents_now_leads_nobody_to_it(server: Server) -> None:
    """They changed places, which only one of them was open to see, and then the other's path was emptied."""
    a, _ = await typed(server, "a", "ada"), await typed(server, "b", "ben")
    await server.restart()
    ben = await server.page("b", "ben")
    move(server, ("a", "aside"), ("b", "a"), ("aside", "b"))
    await server.look()
    await server.exchange(ben)
    assert ben.text == "ben's file a"
    (server.files / "a").unlink()
    a.connect(server.documents)
    await server.exchange(a)
    assert (a.path, a.gone, a.text) == ("a", True, "ada's file a")


async def test_what_was_typed_before_two_moves_is_brought_to_the_file_that_took_the_place(server: Server) -> None:
    """Also by a page that heard of neither, because the server was killed."""
    (server.files / "a").write_text("file a")
    (server.files / "c").write_text("file c")
    ada, _ = await server.page("a", "ada"), await server.page("c", "ben")
    ada.edit(0, 0, "only here ")
    move(server, ("a", "b"))
    await server.look()
    move(server, ("c", "b"))
    await server.look()
    await server.restart(ada)
    assert (ada.path, ada.text) == ("b", "only here file c")
    assert kept(server, "b")["b before c took its place"] == "file a"


async def test_what_was_typed_before_a_file_was_moved_and_deleted_is_brought_to_the_deleted_one(server: Server) -> None:
    """Also by a page that did not hear of the move."""
    (server.files / "a").write_text("file a")
    ada = await server.page("a", "ada")
    move(server, ("a", "b"))
    await server.look()
    ada.edit(0, 0, "only here ")
    (server.files / "b").unlink()
    await server.restart(ada)
    assert (ada.path, ada.gone, ada.text) == ("b", True, "only here file a")
    assert not ada.pending


@pytest.mark.parametrize("looked", [True, False])
async def test_a_page_is_led_to_its_history_although_another_file_has_its_path(server: Server, looked: bool) -> None:
    """What the server had taken in already, and a page not heard of, is not carried over to that file as well."""
    for path in "ac":
        (server.files / path).write_text(f"file {path}")
    ada, _ = await server.page("a", "ada"), await server.page("c", "ben")
    ada.edit(0, 0, "typed ")
    await ada.deliver()
    assert ada.pending
    if not looked:
        await server.restart()
    move(server, ("a", "b"), ("c", "a"))
    await server.look()
    await server.restart(ada)
    assert (ada.path, ada.text, ada.pending) == ("b", "typed file a", [])
    assert (await server.page("a", "cy")).text == "file c"


async def test_a_page_is_led_to_the_history_that_followed_its_own(server: Server) -> None:
    (server.files / "a").write_text("file a")
    ada, ben = await server.page("a", "ada"), await server.page("a", "ben")
    ben.disconnect()
    await server.document("a")._begin_again()
    await server.exchange(ada)
    assert ada.epoch != ben.epoch
    move(server, ("a", "b"))
    await server.look()
    (server.files / "a").write_text("another file")
    await server.restart(ben)
    assert (ben.path, ben.epoch) == ("b", ada.epoch)


@pytest.mark.parametrize("lost", ["what was noted", "the end of the log"])
async def test_changed_after_a_save_of_which_the_log_does_not_tell(
    server: Server, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    """The catalogue knows which of the two files was the document's, also where neither is there any more."""
    await typed(server, "a", "ada")
    log = server.documents._catalogue.folder(server.documents.identity_of(server.document("a"))) / "log"
    with monkeypatch.context() as patch:
        if lost == "what was noted":
            patch.setattr(Documents, "note_file", _nothing)
        await server.document("a").save()
    await server.end()
    *records, last = unpack(log.read_bytes())[0]
    assert last == Disk(disk.digest(b"ada's file a"))
    log.write_bytes(b"".join(map(pack, records)))
    await server.start()
    (server.files / "other").write_text("file other")
    move(server, ("other", "a"))
    assert (await server.page("a", "ben")).text == "file other"


@pytest.mark.parametrize("done", [True, False])
async def test_changed_after_a_save_in_place_that_was_cut_short(
    server: Server, monkeypatch: pytest.MonkeyPatch, done: bool
) -> None:
    """It is the same file before and after: which of the two texts it held is seen from what it holds."""
    (server.files / "a").write_text("file a")
    (server.files / "b").hardlink_to(server.files / "a")
    await typed(server, "a", "ada")
    log = server.documents._catalogue.folder(server.documents.identity_of(server.document("a"))) / "log"
    with monkeypatch.context() as patch:
        patch.setattr(Documents, "note_file", _nothing)
        if not done:
            patch.setattr(inplace, "overwrite", _killed)
        await server.document("a").save()
    await server.end()
    records = unpack(log.read_bytes())[0]
    log.write_bytes(b"".join(map(pack, records[:-1] if done else records)))
    await server.start()
    with (server.files / "a").open("a") as file:
        file.write(" and more")
    assert (await server.page("a", "ben")).text == "ada's file a and more"


@pytest.mark.parametrize("same", [True, False])
async def test_without_times_of_birth_the_bytes_must_agree(
    server: Server, monkeypatch: pytest.MonkeyPatch, same: bool
) -> None:
    monkeypatch.setattr(disk, "born", lambda _fd: 0)
    page = await typed(server, "a", "ada")
    await server.restart()
    if not same:
        # As another file in the same inode would be.
        (server.files / "a").write_text("quite another")
    move(server, ("a", "b"))
    ben = await server.page("b", "ben")
    assert (ben.epoch == page.epoch) is same
    assert ben.text == ("ada's file a" if same else "quite another")


def _killed(*_given: Any) -> None:
    raise OSError(4, "killed")


def _nothing(*_given: Any) -> None:
    pass
