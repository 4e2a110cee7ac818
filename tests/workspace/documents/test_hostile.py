"""Edits that no editor writes: refused where they can be told, ended where they cannot."""

from __future__ import annotations

import asyncio

import pytest

from coterie.wire.closing import Closing
from coterie.wire.messages import documents as wire
from coterie.workspace.documents.replica import Replica, proof
from coterie.workspace.documents.update import UpdateError, number
from tests.workspace.documents.server import Server

pytestmark = pytest.mark.usefixtures("by_hand")


def first(client: int, text: str) -> bytes:
    data = text.encode()
    return bytes([1, 1, client, 0, 4, 1, 4]) + b"text" + bytes([len(data)]) + data + b"\0"


PAIR = first(1, "a😀b")
"""Clocks: a 0, 😀 1 and 2, b 3."""


@pytest.mark.parametrize(
    "update",
    [
        bytes([1, 1, 2, 0, 0x84, 1, 1, 1]) + b"X\0",
        bytes([1, 1, 2, 0, 0x44, 1, 2, 1]) + b"X\0",
        bytes([1, 1, 2, 0, 0xC4, 1, 1, 1, 2, 1]) + b"X\0",
        bytes([0, 1, 1, 1, 1, 1]),
        bytes([0, 1, 1, 1, 2, 2]),
        bytes([1, 1, 1, 3, 0x84, 1, 2, 5]) + "😀x".encode() + b"\0",
        bytes([1, 1, 2, 0, 0x84, 1, 0, 4]) + "😀".encode() + bytes([1, 2, 1, 0, 1]),
    ],
    ids=["after", "before", "between", "half", "other half", "half is known", "its own"],
)
def test_what_cuts_a_character_is_refused(update: bytes) -> None:
    one = Replica([PAIR])
    one.watch()
    with pytest.raises(UpdateError, match="cuts"):
        one.check(update)
    assert one.text == "a😀b"


def test_whole_characters_pass() -> None:
    one = Replica()
    one.watch()
    one.accept(PAIR, one.check(PAIR))
    for update in (
        bytes([1, 1, 2, 0, 0x84, 1, 2, 1]) + b"X\0",
        bytes([1, 1, 2, 1, 0x44, 1, 1, 1]) + b"Y\0",
        bytes([0, 1, 1, 1, 1, 2]),
    ):
        one.accept(update, one.check(update))
    assert one.text == "aYbX"


@pytest.mark.parametrize("text", ["a\0b", "a\rb", "a\r\nb"])
def test_what_no_text_file_holds_is_refused(text: str) -> None:
    with pytest.raises(UpdateError, match="NUL"):
        Replica().check(first(1, text))


async def test_a_history_that_is_read_differently_ends(server: Server) -> None:
    """Places in the wrong order pass as whole, and copies that got them in another order never agree again."""
    (server.files / "a.txt").write_text("abcdef")
    ada = await server.page("a.txt", "ada")
    await server.type(ada, 6, "ghi")
    one = server.document("a.txt")
    before, client = one.room.epoch, ada.doc.client_id
    mallory = await server.page("a.txt", "mallory")
    for place, (left, right) in enumerate([(2, 1), (1, 0), (2, 0), (2, 1), (1, 0), (2, 2)]):
        item = (
            bytes([0xC4]) + number(client) + number(left) + number(client) + number(right) + b"\1" + bytes([65 + place])
        )
        update = bytes([1, 1]) + number(5000 + place) + b"\0" + item + b"\0"
        mallory.sent.append(wire.DocumentEdit(mallory._document, place + 1, update))
    await server.exchange(mallory, ada)
    ben = await server.page("a.txt", "ben")
    assert ben.text != one.room.replica.text, "the history is not read differently: this shows nothing"
    seen: set[int] = set()
    for _ in range(2):
        assert ben.member
        ben.sent.append(wire.DocumentCheck(ben._document, ben.doc.get_state(), *proof(ben.text)))
        await ben.deliver()
        seen |= {message.same for message in ben.member.inbox if isinstance(message, wire.DocumentChecked)}
        ben.receive()
    assert seen == {False}
    await asyncio.gather(*one._tasks)
    assert mallory.member
    assert mallory.member.closed is Closing.MALFORMED
    assert ada.member
    assert ada.member.closed is None
    mallory.disconnect()
    await server.exchange(ada, ben)
    late = await server.page("a.txt", "cas")
    assert one.room.epoch != before
    assert ada.text == ben.text == late.text == one.room.replica.text
    for page in (ada, ben, late):
        assert page.member
        page.sent.append(wire.DocumentCheck(page._document, page.doc.get_state(), *proof(page.text)))
        await page.deliver()
        assert [one.same for one in page.member.inbox if isinstance(one, wire.DocumentChecked)] == [True]
        page.receive()


async def test_a_difference_that_passes_begins_nothing(server: Server) -> None:
    (server.files / "a.txt").write_text("abc")
    ada = await server.page("a.txt", "ada")
    one = server.document("a.txt")
    before = one.room.epoch
    for text in ("wrong", "otherwise", "wrong"):
        ada.sent.append(wire.DocumentCheck(ada._document, ada.doc.get_state(), *proof(text)))
        await ada.deliver()
    await asyncio.gather(*one._tasks)
    assert one.room.epoch == before


async def test_who_goes_on_having_another_text_is_closed(server: Server) -> None:
    (server.files / "a.txt").write_text("abc")
    ada, liar = await server.page("a.txt", "ada"), await server.page("a.txt", "liar")
    one = server.document("a.txt")
    epochs = {one.room.epoch}
    for _ in range(5):
        for _ in range(2):
            liar.sent.append(wire.DocumentCheck(liar._document, liar.doc.get_state(), *proof("lies")))
            await liar.deliver()
        await asyncio.gather(*one._tasks)
        await server.exchange(ada, liar)
        epochs.add(one.room.epoch)
    assert liar.member
    assert liar.member.closed is Closing.MALFORMED
    assert len(epochs) == 2
    assert ada.text == "abc"
