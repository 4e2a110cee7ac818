"""How long a text may become, how much an edit may hold, and that nobody waits for anybody's large one."""

from __future__ import annotations

import gc
import time

import pytest
from pycrdt import merge_updates

from coterie.wire.errors import ErrorCode
from coterie.wire.messages import documents as wire
from coterie.workspace.documents import encoding, epoch, replica
from coterie.workspace.documents.forks import fork
from coterie.workspace.documents.replica import Replica
from coterie.workspace.documents.text import Edit
from coterie.workspace.documents.update import MOST_PARTS, PIECE, TooLargeError, beginning, number
from tests.workspace.documents.people import Page
from tests.workspace.documents.server import Server

pytestmark = pytest.mark.usefixtures("by_hand")

LONGEST = 1000


@pytest.fixture
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    for owner in (encoding, epoch, replica):
        monkeypatch.setattr(owner, "MAX_TEXT", LONGEST)


def kept(server: Server, path: str = "a.txt") -> list[str]:
    """The texts of versions that have a name."""
    history, identity = server.documents.history, server.documents.identity_of(server.document(path))
    return [history.text(identity, one.id) or "" for one in history.all(identity) if one.name]


def refusals(page: Page) -> list[wire.DocumentRefused]:
    assert page.member
    return [message for message in page.member.inbox if isinstance(message, wire.DocumentRefused)]


@pytest.mark.usefixtures("_short")
async def test_what_would_make_a_text_too_long_is_refused_to_its_writer_alone(server: Server) -> None:
    (server.files / "a.txt").write_text("x" * 800)
    ada, ben = await server.page("a.txt", "ada"), await server.page("a.txt", "ben")
    ada.edit(800, 0, "a" * 300)
    await ada.deliver()
    (refused,) = refusals(ada)
    assert (refused.code, ErrorCode.TOO_BIG) == ("too-big", refused.code)
    assert "longer than" in refused.sentence
    assert not refusals(ben)
    await server.exchange(ada, ben)
    assert ada.text == ben.text == "x" * 800
    assert kept(server) == ["x" * 800 + "a" * 300]
    assert ada.notices
    assert ada.problems
    assert ada.member
    assert ada.member.closed is None
    await server.type(ben, 800, " ben", ada)
    await server.type(ada, 0, "ada ", ben)
    assert ada.text == ben.text == "ada " + "x" * 800 + " ben"


@pytest.mark.usefixtures("_short")
async def test_up_to_the_last_byte_it_fits(server: Server) -> None:
    (server.files / "a.txt").write_text("x" * 990)
    ada, ben = await server.page("a.txt", "ada"), await server.page("a.txt", "ben")
    await server.type(ada, 990, "é" * 5, ben)
    assert ada.text == ben.text == "x" * 990 + "é" * 5
    ada.edit(0, 990, "y" * 990)
    await server.exchange(ada, ben)
    assert ada.text == ben.text == "y" * 990 + "é" * 5, "replacing all of it is no growth"
    assert not kept(server)
    await server.document("a.txt").save()
    assert (server.files / "a.txt").stat().st_size == LONGEST
    await server.restart(ada, ben)
    assert ada.text == "y" * 990 + "é" * 5, "and it can be opened again"


@pytest.mark.usefixtures("_short")
async def test_what_two_typed_offline_does_not_fit_together(server: Server) -> None:
    (server.files / "a.txt").write_text("x" * 500)
    ada, ben = await server.page("a.txt", "ada"), await server.page("a.txt", "ben")
    for page, letter in ((ada, "a"), (ben, "b")):
        page.disconnect()
        page.edit(0, 0, letter * 400)
    for page in (ada, ben):
        page.connect(server.documents)
        await server.exchange(ada, ben)
    assert ada.text == ben.text == "a" * 400 + "x" * 500
    (version,) = kept(server)
    assert "b" * 400 in version


@pytest.mark.usefixtures("_short")
async def test_another_programs_text_and_unsaved_typing_do_not_fit_together(server: Server) -> None:
    (server.files / "a.txt").write_text("start\n")
    ada = await server.page("a.txt", "ada")
    await server.type(ada, 6, "a" * 600)
    (server.files / "a.txt").write_text("b" * 600 + "start\n")
    await server.look()
    await server.exchange(ada)
    assert ada.text == "b" * 600 + "start\n"
    identity = server.documents.identity_of(server.document("a.txt"))
    versions = [server.documents.history.text(identity, one.id) for one in server.documents.history.all(identity)]
    assert "start\n" + "a" * 600 in versions


@pytest.mark.usefixtures("_short")
async def test_a_longer_file_is_not_opened_and_an_older_version_not_brought_back(server: Server) -> None:
    (server.files / "a.txt").write_bytes(b"\xe9" * 600)
    page = Page("ada", "a.txt")
    page.connect(server.documents)
    await page.deliver()
    (refused,) = page.failures
    assert refused.code is ErrorCode.TOO_BIG, "its bytes would do, its text does not"


async def test_a_history_that_outgrows_its_text_is_begun_again(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replica, "MOST_HISTORY", 2000)
    (server.files / "a.txt").write_text("." * 100)
    ada, ben = await server.page("a.txt", "ada"), await server.page("a.txt", "ben")
    one = server.document("a.txt")
    before = one.room.epoch
    for number_ in range(300):
        ada.edit(number_ % 50 * 2, 0, "y")
        ada.edit(number_ % 50 * 2, 1, "")
    await server.exchange(ada, ben)
    assert len(one.room.replica.state) > 1000
    one._timer = None
    one._first_change = one._last_change = -1e7
    one._due()
    while one._tasks:
        await next(iter(one._tasks))
    assert one.room.epoch != before
    await server.exchange(ada, ben)
    assert ada.text == ben.text == "." * 100
    assert len(one.room.replica.state) < 500
    await server.type(ada, 0, "on", ben)
    assert ben.text == "on" + "." * 100
    assert not kept(server)


async def test_a_large_edit_travels_as_text(server: Server) -> None:
    (server.files / "a.txt").write_text("".join(f"line {at}\n" for at in range(3000)))
    ada, ben = await server.page("a.txt", "ada"), await server.page("a.txt", "ben")
    parts = Replica([ada.doc.get_update()])
    places = [at for at, letter in enumerate(parts.text) if letter == "l"]
    update = parts.edit([Edit(at, at + 1, "L") for at in places])
    ada.doc.apply_update(update)
    ada._submit(update)
    await ada.deliver()
    (refused,) = refusals(ada)
    assert refused.code == ErrorCode.LIMIT
    await server.type(ben, 0, "first ")
    await server.exchange(ada, ben)
    assert ada.text == ben.text == "first " + "".join(f"Line {at}\n" for at in range(3000))
    assert not kept(server)


async def test_what_was_typed_offline_may_be_longer_than_any_edit(server: Server) -> None:
    (server.files / "a.txt").write_text("begin\n")
    ada, ben = await server.page("a.txt", "ada"), await server.page("a.txt", "ben")
    ada.disconnect()
    typed = "".join(f"line {at} that was typed offline\n" for at in range(250_000))
    assert len(typed) > 8 << 20
    ada.edit(6, 0, typed)
    ada.connect(server.documents)
    await ada.deliver()
    ada.receive()
    assert [type(message) for message in ada.sent] == [wire.DocumentEdit]
    await ada.deliver()
    assert [refused.code for refused in refusals(ada)] == [ErrorCode.LIMIT]
    await server.type(ben, 0, "ben ", ada)
    await server.exchange(ada, ben)
    assert ada.member
    assert ada.member.closed is None
    assert ada.text == ben.text == "ben begin\n" + typed
    assert not kept(server)


async def test_what_was_typed_offline_and_fits_no_more_is_a_version(server: Server) -> None:
    begin = "begin\n" * 400_000
    (server.files / "a.txt").write_text(begin)
    ada, ben = await server.page("a.txt", "ada"), await server.page("a.txt", "ben")
    ada.disconnect()
    typed = "".join(f"line {at} that was typed offline\n" for at in range(250_000))
    ada.edit(0, 0, typed)
    ada.connect(server.documents)
    await server.exchange(ada, ben)
    assert ada.text == ben.text == begin
    assert kept(server) == [typed + begin]
    assert ada.notices
    assert "longer than 10 MB" in ada.problems[0]


# How long everyone waits


def spent(call: object) -> float:
    """Seconds of processor time, without the collector's."""
    assert callable(call)
    gc.disable()
    try:
        began = time.thread_time()
        call()
        return time.thread_time() - began
    finally:
        gc.enable()


def tiny(parts: int) -> bytes:
    """A whole update of one letter's insertions, each before all others."""
    structs = [b"\x04\x01\x04text\x01a", *(b"\x44" + number(9) + number(at) + b"\x01a" for at in range(parts - 1))]
    return number(1) + number(parts) + number(9) + b"\0" + b"".join(structs) + b"\0"


def test_an_edit_of_many_parts_is_given_up_at_once() -> None:
    update = tiny(100_000)
    one = Replica()

    def refused() -> None:
        with pytest.raises(TooLargeError):
            one.check_live(update)

    assert spent(refused) < 0.01
    deletes = beginning("abc", (9, 10))[:-1] + number(1) + number(9) + number(100_000) + b"\0\1" * 100_000
    update = deletes
    assert spent(refused) < 0.01
    update = beginning("é" * (1 << 20), (9, 10))
    assert spent(refused) < 0.01


def test_the_largest_live_edit_is_taken_in_quickly() -> None:
    one = Replica.beginning("x" * 79 * 1024)
    update = tiny(MOST_PARTS - 1)

    def taken() -> None:
        one.accept(update, one.check_live(update))
        one.settle()

    assert spent(taken) < 0.05


def test_scattered_edits_of_a_long_text_do_not_copy_it_each_time() -> None:
    text = ("x" * 79 + "\n") * (10 << 10)
    base = Replica.beginning(text)
    made = fork(base.state, lambda text: [Edit(at, at + 1, "y") for at in range(0, len(text), 800)])
    assert base.text == text
    longest = 0.0
    for client, update in made.portions:
        assert client

        def take(update: bytes = update) -> None:
            base.accept(update, base.check(update))
            base.settle()

        longest = max(longest, spent(take))
    assert base.text == made.text
    assert longest < 0.05


def test_a_long_insertion_comes_in_pieces_that_stay_apart() -> None:
    base = Replica.beginning("begin end 😀")
    text = "é😀\n" * PIECE
    made = fork(base.state, lambda _: [Edit(0, 1, "B"), Edit(6, 9, text), Edit(10, 11, "!")])
    assert made.text == f"Begin {text} !"
    assert made.growth == len(made.text.encode()) - len(base.text.encode())
    assert Replica([made.state]).text == made.text
    for _, update in made.portions:
        assert len(update) < 8 * PIECE
        base.accept(update, base.check(update))
    assert base.text == made.text
    blocks = base.check(merge_updates(base.state, base.state))
    assert len(blocks) > 2


@pytest.mark.parametrize("text", ["", "a", "é" * PIECE, "😀" * (3 * PIECE + 1)])
def test_a_document_begins_with_its_text(text: str) -> None:
    one = Replica.beginning(text)
    assert one.text == text
    assert one.size == len(text.encode())
    assert Replica([one.state]).text == text
