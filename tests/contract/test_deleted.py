"""A machine whose directory is deleted under it ends by itself: no hub would ever find it again."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Callable

import pytest

from coterie.hub.machines import local
from coterie.hub.machines.driver import MachineState
from coterie.hub.machines.record import Record
from coterie.machine import keeper
from tests.contract.conftest import Machine

_SOON = "import sys; sys.path.insert(0, sys.argv[1]); from coterie.machine import keeper; keeper.LOOK_EVERY = 0.2; "
"""A keeper that looks more often than people's."""


@pytest.mark.parametrize("name", [pytest.param("sandbox", marks=pytest.mark.sandbox), "process"])
async def test_it_ends_by_itself(
    name: str, machines: Callable[[str], Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert keeper.LOOK_EVERY + keeper.LAST_GRACE <= 60
    monkeypatch.setattr(local, "_RUN_KEEPER", _SOON + "keeper.main()")
    machine = machines(name)
    driver, place = machine.driver, machine.driver.places[machine.workspace]
    await driver.create(machine.workspace)
    await machine.start()
    record = Record.read(place.record)
    assert record is not None and {"keeper", "server", "init"} <= record.named.keys()
    # A look while everything is there changes nothing.
    os.kill(record.named["keeper"].pid, signal.SIGALRM)
    assert (await machine.run("true"))[0] == 0
    assert await machine.running()

    waiting = asyncio.create_task(driver.wait(machine.workspace))
    await asyncio.to_thread(shutil.rmtree, place.root, ignore_errors=True)
    try:
        async with asyncio.timeout(40):
            for process in record.named.values():
                await process.wait()
            assert (await waiting).state in (MachineState.ABSENT, MachineState.STOPPED)
    finally:
        for process in record.named.values():
            process.signal(signal.SIGKILL)
