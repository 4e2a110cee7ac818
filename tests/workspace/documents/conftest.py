"""The documents service of a folder, and what the interleavings need so that nothing happens by the clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from coterie.workspace.documents import document, history, outside, room, service
from tests.workspace.documents.interleavings import Interleavings
from tests.workspace.documents.tabs import Node
from tests.workspace.documents.test_hunt_races import Server


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    made = Server(tmp_path)
    await made.start()
    yield made
    await made.end()


@pytest.fixture
def moved_by_hand(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The interleavings' pages can be run, and nothing is done by the clock."""
    for name in ("PAUSE", "LONGEST", "RETRY"):
        monkeypatch.setattr(document, name, 1e6)
    monkeypatch.setattr(room, "RETRY", 1e6)
    monkeypatch.setattr(room, "WINDOW", 0.0)
    monkeypatch.setattr(service, "IDLE", 1e6)
    monkeypatch.setattr(service, "SYNC_EVERY", 1e6)
    monkeypatch.setattr(outside, "MISSING_FOR", 0.0)
    monkeypatch.setattr(history, "MOST", 40)
    Interleavings.node = Node()
    yield
    Interleavings.node.close()
