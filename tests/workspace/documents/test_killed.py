"""A workspace server killed while fifty people type: nothing it acknowledged is missing, nothing is there twice."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from coterie.wire.messages.base import ServerMessage
from coterie.wire.messages.documents import DocumentAck, DocumentEdit, DocumentOpen, DocumentOpened
from coterie.workspace.documents.replica import Replica
from coterie.workspace.documents.text import Edit
from tests.support.socket import WorkspaceSocket
from tests.support.workspace import RunningWorkspace

TYPISTS = 50
PER_SECOND = 20
"""Words each of them types in a second: 1,000 updates a second altogether."""


@pytest.fixture
def server() -> Iterator[RunningWorkspace]:
    # Unix socket paths are at most 107 bytes: a short folder of our own instead of pytest's.
    with tempfile.TemporaryDirectory(prefix="cot-") as folder:
        running = RunningWorkspace(Path(folder)).start()
        yield running
        running.stop()


class Typist:
    """Types words at the beginning of the file, each one's own, and remembers which were acknowledged."""

    def __init__(self, number: int, socket: WorkspaceSocket) -> None:
        self.number = number
        self.socket = socket
        self.replica = Replica()
        self.acknowledged = 0
        self.sent = 0
        socket.on_message = self._heard

    def _heard(self, message: ServerMessage) -> None:
        if isinstance(message, DocumentAck):
            self.acknowledged = message.sequence

    async def join(self) -> None:
        self.socket.send(DocumentOpen(1, "shared.txt", client=self.replica.client))
        self.document = (await self.socket.wait(DocumentOpened)).document

    async def type(self) -> None:
        """Go on until the server is gone."""
        await asyncio.sleep(self.number / TYPISTS / PER_SECOND)
        while self.socket.closed is None:
            self.sent += 1
            edit = Edit(0, 0, f"<{self.number}:{self.sent}>")
            self.socket.send(DocumentEdit(self.document, self.sent, self.replica.edit([edit])))
            await asyncio.sleep(1 / PER_SECOND)


async def test_kill_during_fifty_typists(server: RunningWorkspace) -> None:
    (server.files / "shared.txt").write_text("")
    typists = [Typist(number, await server.open(server.ticket(user=f"user-{number}"))) for number in range(TYPISTS)]
    await asyncio.gather(*(typist.join() for typist in typists))
    typing = [asyncio.create_task(typist.type()) for typist in typists]
    await typists[0].socket.until(lambda: sum(typist.acknowledged for typist in typists) > TYPISTS * PER_SECOND)
    server.kill()
    await asyncio.gather(*typing)
    promised = {f"<{one.number}:{word}>" for one in typists for word in range(1, one.acknowledged + 1)}
    assert len(promised) > TYPISTS

    server.start()
    late = await server.open()
    late.send(DocumentOpen(1, "shared.txt"))
    opened = await late.wait(DocumentOpened)
    there = re.findall(r"<\d+:\d+>", Replica([opened.update]).text)
    assert promised <= set(there)
    assert len(there) == len(set(there))
    late.close()
