"""A large file rewritten by another program: whoever types elsewhere is answered while it is taken in."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from coterie.workspace.documents import disk, document, encoding, epoch, history
from coterie.workspace.documents.document import LARGE
from tests.workspace.documents.server import Gate, Server

pytestmark = pytest.mark.usefixtures("by_hand")

LINES = LARGE // 10


class Elsewhere(Gate):
    """A gate that nobody comes through on the event loop's thread."""

    def __call__(self, *arguments: Any) -> Any:
        assert threading.current_thread() is not threading.main_thread(), "everyone waits for this"
        return super().__call__(*arguments)


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (disk, "read"),
        (encoding, "decode"),
        (history.Packed, "of"),
        (epoch, "foreign"),
        (document, "_logged"),
    ],
    ids=["reading", "decoding", "keeping", "comparing", "logging"],
)
async def test_others_are_answered_at_every_step(
    server: Server, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str
) -> None:
    old = "".join(f"an old line {at}\n" for at in range(LINES))
    (server.files / "large.txt").write_text(old)
    (server.files / "small.txt").write_text("")
    ada, ben = await server.page("large.txt", "ada"), await server.page("small.txt", "ben")
    gate = Elsewhere(getattr(owner, name))
    monkeypatch.setattr(owner, name, gate)
    (server.files / "large.txt").write_text(old.replace("old", "new"))
    looking = asyncio.create_task(server.document("large.txt").look())
    await gate.reached()
    await server.type(ben, 0, "typed meanwhile")
    assert ben.pending == [], "it is acknowledged"
    assert not looking.done()
    gate.open()
    await looking
    await server.exchange(ada)
    assert ada.text == old.replace("old", "new")
    versions = server.documents.history.all(server.documents.identity_of(server.document("large.txt")))
    assert [one.size for one in versions] == [len(old)]
