"""A workspace's terminals with real processes, in a folder of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from coterie.workspace.processes import DirectSpawner
from coterie.workspace.terminals import Terminals

Start = Callable[..., Awaitable[Terminals]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Starts terminals with a plain shell; may be called again after a stop."""
    files = tmp_path / "files"
    files.mkdir()
    running: list[Terminals] = []
    spawners: list[DirectSpawner] = []

    async def begin(**options: object) -> Terminals:
        spawner = DirectSpawner()
        environment = {"HOME": str(tmp_path), "PS1": "$ ", "HISTFILE": "", "SHELL": "/bin/sh"}
        environment.update(options.pop("environment", {}))  # type: ignore[call-overload]
        terminals = Terminals(
            spawner,
            files=str(files),
            state=tmp_path / "state",
            environment=environment,
            **options,  # type: ignore[arg-type]
        )
        await terminals.start()
        running.append(terminals)
        spawners.append(spawner)
        return terminals

    yield begin
    for terminals in running:
        await terminals.stop()
    for spawner in spawners:
        await spawner.close()


@pytest.fixture
async def terminals(start: Start) -> Terminals:
    return await start()
