"""The documents service of a folder, and what it takes for nothing to be done by the clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from coterie.workspace.documents import document, history, outside, room, service
from tests.workspace.documents.interleavings import Interleavings
from tests.workspace.documents.server import Server
from tests.workspace.documents.tabs import Node


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    made = Server(tmp_path)
    await made.start()
    yield made
    await made.end()


@pytest.fixture
def by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is saved, looked at, tried again or closed by the clock."""
    for owner, name in (
        (document, "PAUSE"),
        (document, "LONGEST"),
        (document, "RETRY"),
        (service, "IDLE"),
        (service, "SYNC_EVERY"),
    ):
        monkeypatch.setattr(owner, name, 1e6)
    monkeypatch.setattr(outside, "MISSING_FOR", 0.0)


@pytest.fixture
def moved_by_hand(by_hand: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The interleavings' pages can be run, and the log's writer and the room's window wait for no clock either."""
    monkeypatch.setattr(room, "RETRY", 1e6)
    monkeypatch.setattr(room, "WINDOW", 0.0)
    monkeypatch.setattr(history, "MOST", 40)
    Interleavings.node = Node()
    yield
    Interleavings.node.close()
