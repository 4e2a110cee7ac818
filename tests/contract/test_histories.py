"""Any order of operations on a machine, with parts dying in between, leaves it in the state that the contract says."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coterie.hub.machines.driver import MachineState
from coterie.hub.machines.record import Record
from tests.contract.conftest import Machine, local_driver

A, S, R, F = MachineState.ABSENT, MachineState.STOPPED, MachineState.RUNNING, MachineState.FAILED
OPERATIONS = ("create", "start", "stop", "delete", "kill", "another hub", "start twice at once", "stop while starting")
AFTER: dict[str, dict[MachineState, MachineState]] = {
    "create": {A: S},
    "start": {S: R, F: R},
    "start twice at once": {S: R, F: R},
    "stop while starting": {S: S, R: S, F: S},
    "stop": {R: S, F: S},
    "delete": {S: A, R: A, F: A},
    "kill": {R: F},
    "another hub": {},
}
"""What a state becomes by an operation; where nothing is said it stays."""


@pytest.mark.parametrize("name", ["sandbox", "process"])
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    history=st.lists(st.sampled_from(OPERATIONS), min_size=3, max_size=8).map(lambda rest: ["create", "start", *rest])
)
def test_histories(name: str, data: Path, history: list[str]) -> None:
    asyncio.run(live(Machine(local_driver(name, data)), data, history))


async def live(machine: Machine, data: Path, history: list[str]) -> None:
    state = A
    try:
        for operation in history:
            if state is A and operation != "create":
                continue
            await perform(machine, operation, data)
            state = AFTER[operation].get(state, state)
            status = await machine.driver.poll(machine.workspace)
            assert status.state is state, (operation, status)
            assert (await machine.driver.address(machine.workspace) is not None) is (state is R)
            if state is R:
                assert await machine.run("echo", "alive") == (0, "alive")
    finally:
        await machine.driver.delete(machine.workspace)


async def perform(machine: Machine, operation: str, data: Path) -> None:
    driver = machine.driver
    match operation:
        case "create":
            await driver.create(machine.workspace)
        case "start":
            await machine.start()
        case "start twice at once":
            assert len(set(await asyncio.gather(machine.start(), machine.start()))) == 1
        case "stop while starting":
            await asyncio.gather(machine.start(), driver.stop(machine.workspace))
        case "stop":
            await driver.stop(machine.workspace)
        case "delete":
            await driver.delete(machine.workspace)
        case "another hub":
            machine.driver = local_driver(driver.name, data)
        case "kill":
            record = Record.read(driver.places[machine.workspace].record)
            if record is not None and await machine.running():
                waiting = asyncio.create_task(driver.wait(machine.workspace))
                record.named["server"].signal(signal.SIGKILL)
                await waiting
