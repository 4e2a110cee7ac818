"""Two hundred tabs of one person, against a real workspace server."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from coterie.wire.messages.documents import DocumentEdit, DocumentOpen, DocumentOpened, DocumentUpdate
from coterie.workspace.documents.replica import Replica
from coterie.workspace.documents.text import Edit
from tests.support.socket import WorkspaceSocket
from tests.support.workspace import RunningWorkspace

TABS = 200
LARGEST = 64 << 20
"""Bytes by which they may make the server grow: 300 KB a tab and its two documents."""


@pytest.fixture
def server() -> Iterator[RunningWorkspace]:
    # Unix socket paths are at most 107 bytes: a short folder of our own instead of pytest's.
    with tempfile.TemporaryDirectory(prefix="cot-") as folder:
        running = RunningWorkspace(Path(folder)).start()
        yield running
        running.stop()


def resident(server: RunningWorkspace) -> int:
    assert server.process
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) << 10


async def test_two_hundred_tabs_of_one_person(server: RunningWorkspace) -> None:
    (server.files / "shared.txt").write_text("shared\n")
    for number in range(TABS):
        (server.files / f"{number}.txt").write_text(f"text {number}\n" * 100)
    before = resident(server)
    tabs = [await server.open(server.ticket()) for _ in range(TABS)]
    for number, tab in enumerate(tabs):
        tab.send(DocumentOpen(1, "shared.txt"))
        tab.send(DocumentOpen(2, f"{number}.txt"))
    for tab in tabs:
        await tab.until(functools.partial(both, tab))
    assert resident(server) - before < LARGEST
    first = next(one for one in opened(tabs[0].messages) if one.path == "shared.txt")
    replica = Replica([first.update])
    tabs[0].send(DocumentOpen(3, "shared.txt", client=replica.client))
    tabs[0].send(DocumentEdit(first.document, 1, replica.edit([Edit(0, 0, "everywhere ")])))
    for tab in tabs[1:]:
        update = await tab.wait(DocumentUpdate)
        assert update.document == first.document
    for tab in tabs:
        assert tab.closed is None
        tab.close()


def both(tab: WorkspaceSocket) -> bool:
    return len(opened(tab.messages)) == 2


def opened(messages: Sequence[object]) -> list[DocumentOpened]:
    return [message for message in messages if isinstance(message, DocumentOpened)]
