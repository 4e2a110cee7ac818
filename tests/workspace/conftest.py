"""A running workspace server that the tests of one module share."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.workspace import RunningWorkspace


@pytest.fixture(scope="module")
def server() -> Iterator[RunningWorkspace]:
    # Unix socket paths are at most 107 bytes: a short folder of our own instead of pytest's.
    with tempfile.TemporaryDirectory(prefix="cot-") as folder:
        running = RunningWorkspace(Path(folder)).start()
        yield running
        assert running.stop() == 0
