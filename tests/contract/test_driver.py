"""What every driver must do, asked of all of them; the faulty ones fail exactly what they are made to fail."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from coterie.hub.machines import faulty, template
from coterie.hub.machines.driver import Driver, Limits, MachineState
from coterie.hub.machines.local import LocalDriver
from coterie.hub.machines.record import Record
from coterie.wire.errors import CoterieError, ErrorCode
from tests.contract.conftest import WHOLE, Machine, local_driver
from tests.support.waiting import eventually

FAULTY: dict[str, Callable[[Driver], Driver]] = {
    "never-starts": faulty.NeverStarts,
    "slow": faulty.Slow,
    "dies": faulty.Dies,
    "disk-full": faulty.DiskFull,
}
CREATE = {"test_a_created_machine_is_stopped_and_empty", "test_creating_again_keeps_what_is_there"}
START = {
    "test_a_started_machine_accepts_connections",
    "test_starting_a_running_machine_changes_nothing",
    "test_a_stopped_machine_is_gone_and_starts_again",
    "test_waiting_ends_when_it_is_stopped",
    "test_deleting_a_running_machine_ends_it",
    "test_another_hub_adopts_a_running_machine",
    "test_a_command_runs_in_the_files",
    "test_a_command_that_is_not_there_gets_a_sentence",
    "test_files_and_home_outlive_a_stop",
}
FAILS = {"never-starts": START, "slow": START, "dies": START, "disk-full": START | CREATE}

Contract = tuple[Machine, Driver]


@pytest.fixture(params=["sandbox", "process", *FAULTY])
async def contract(request: pytest.FixtureRequest, data: Path) -> AsyncIterator[Contract]:
    name = str(request.param)
    if request.node.originalname in FAILS.get(name, ()):
        request.applymarker(pytest.mark.xfail(strict=True, raises=(CoterieError, AssertionError, TimeoutError)))
    machine = Machine(local_driver("sandbox" if name == "sandbox" else "process", data))
    yield machine, FAULTY[name](machine.driver) if name in FAULTY else machine.driver
    await machine.driver.delete(machine.workspace)


async def started(contract: Contract) -> None:
    machine, driver = contract
    await driver.create(machine.workspace)
    async with asyncio.timeout(0.2 if isinstance(driver, faulty.Slow) else 30):
        await driver.start(machine.spec(), machine.log.append)
    assert await state(contract) is MachineState.RUNNING


async def state(contract: Contract) -> MachineState:
    return (await contract[1].poll(contract[0].workspace)).state


async def test_an_unknown_machine_is_absent(contract: Contract) -> None:
    machine, driver = contract
    assert await state(contract) is MachineState.ABSENT
    assert await driver.address(machine.workspace) is None
    await driver.stop(machine.workspace)
    await driver.delete(machine.workspace)


async def test_a_created_machine_is_stopped_and_empty(contract: Contract) -> None:
    machine, driver = contract
    files = await driver.create(machine.workspace)
    assert list(files.iterdir()) == []
    assert await state(contract) is MachineState.STOPPED
    assert await driver.address(machine.workspace) is None


async def test_creating_again_keeps_what_is_there(contract: Contract) -> None:
    machine, driver = contract
    files = await driver.create(machine.workspace)
    (files / "kept").write_text("kept")
    assert await driver.create(machine.workspace) == files
    assert (files / "kept").read_text() == "kept"


async def test_a_started_machine_accepts_connections(contract: Contract) -> None:
    machine, driver = contract
    await started(contract)
    assert await state(contract) is MachineState.RUNNING
    address = await driver.address(machine.workspace)
    assert address is not None
    assert isinstance(address.http, Path)
    for path, kind in ((address.http, socket.SOCK_STREAM), (address.handoff, socket.SOCK_SEQPACKET)):
        with socket.socket(socket.AF_UNIX, kind) as sock:
            sock.connect(os.fspath(path or ""))


async def test_starting_a_running_machine_changes_nothing(contract: Contract) -> None:
    machine, driver = contract
    await started(contract)
    before = machine.driver.places[machine.workspace].record.read_text()
    await driver.start(machine.spec(), machine.log.append)
    assert machine.driver.places[machine.workspace].record.read_text() == before
    assert await state(contract) is MachineState.RUNNING


async def test_a_stopped_machine_is_gone_and_starts_again(contract: Contract) -> None:
    machine, driver = contract
    await started(contract)
    record = Record.read(machine.driver.places[machine.workspace].record)
    assert record is not None
    assert len(record.processes) >= 3
    await driver.stop(machine.workspace)
    assert record.processes == []
    assert await state(contract) is MachineState.STOPPED
    assert await driver.address(machine.workspace) is None
    await driver.stop(machine.workspace)
    await driver.start(machine.spec(), machine.log.append)
    assert await state(contract) is MachineState.RUNNING


async def test_waiting_ends_when_it_is_stopped(contract: Contract) -> None:
    machine, driver = contract
    await started(contract)
    waiting = asyncio.create_task(driver.wait(machine.workspace))
    await driver.stop(machine.workspace)
    assert (await waiting).state in (MachineState.STOPPED, MachineState.FAILED)
    assert await state(contract) is MachineState.STOPPED


async def test_deleting_a_running_machine_ends_it(contract: Contract) -> None:
    machine, driver = contract
    await started(contract)
    record = Record.read(machine.driver.places[machine.workspace].record)
    await driver.delete(machine.workspace)
    assert record is not None
    assert record.processes == []
    assert await state(contract) is MachineState.ABSENT
    assert not machine.driver.places[machine.workspace].root.exists()


async def test_another_hub_adopts_a_running_machine(contract: Contract, data: Path) -> None:
    machine, driver = contract
    await started(contract)
    other = local_driver(machine.driver.name, data)
    assert await other.address(machine.workspace) == await driver.address(machine.workspace)
    waiting = asyncio.create_task(other.wait(machine.workspace))
    assert await other.exec(machine.workspace, ["true"], {}, machine.log.append) == 0
    await other.stop(machine.workspace)
    await waiting
    assert await state(contract) is MachineState.STOPPED


async def test_a_command_runs_in_the_files(contract: Contract) -> None:
    machine, driver = contract
    await started(contract)
    (machine.driver.places[machine.workspace].files / "here").touch()
    script = 'ls; echo "$WHAT"; printf unfinished; exit 7'
    output: list[str] = []
    code = await driver.exec(machine.workspace, ["sh", "-c", script], {"WHAT": "a value"}, output.append)
    assert (code, output) == (7, ["here", "a value", "unfinished"])


async def test_a_command_that_is_not_there_gets_a_sentence(contract: Contract) -> None:
    machine, driver = contract
    await started(contract)
    with pytest.raises(CoterieError, match="no-such-program cannot be started"):
        await driver.exec(machine.workspace, ["no-such-program"], {}, machine.log.append)


async def test_a_command_in_a_machine_that_does_not_run_is_refused(contract: Contract) -> None:
    machine, driver = contract
    with pytest.raises(CoterieError) as raised:
        await driver.exec(machine.workspace, ["true"], {}, machine.log.append)
    assert raised.value.code is ErrorCode.NOT_RUNNING


async def test_files_and_home_outlive_a_stop(contract: Contract) -> None:
    machine, driver = contract
    await started(contract)
    await machine.run("sh", "-c", "echo a > file && echo b > ~/file")
    await driver.stop(machine.workspace)
    await driver.start(machine.spec(), machine.log.append)
    assert await machine.run("sh", "-c", "cat file ~/file") == (0, "a\nb")


@pytest.mark.parametrize("name", ["sandbox", "process"])
class TestLocal:
    """What drivers on the hub's own host do beyond the common contract."""

    async def test_a_new_workspace_has_git_python_and_pip(
        self, name: str, data: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(template, "make_environment", WHOLE)
        machine = Machine(local_driver(name, data / "whole"))
        await machine.driver.prepare()
        await machine.driver.create(machine.workspace)
        await machine.start()
        script = """set -e
            git init -q . && git -c user.name=A -c user.email=a@b commit -q --allow-empty -m one
            git symbolic-ref --short HEAD
            python -c 'import sys; print(sys.prefix != sys.base_prefix, sys.prefix)'
            pip --version && pip list && command -v pip"""
        code, output = await machine.run("bash", "-c", script)
        home = machine.driver.home(machine.driver.places[machine.workspace])
        assert code == 0, output
        assert output.splitlines()[:2] == ["main", f"True {home}/.venv"]
        assert output.splitlines()[-1] == f"{home}/.venv/bin/pip"
        await machine.driver.delete(machine.workspace)

    async def test_an_interactive_shell_finds_the_environment(
        self, name: str, machines: Callable[[str], Machine]
    ) -> None:
        machine = machines(name)
        await machine.driver.create(machine.workspace)
        await machine.start()
        for flags in ("-lc", "-ic", "-lic"):
            _, output = await machine.run("bash", flags, "command -v python")
            home = machine.driver.home(machine.driver.places[machine.workspace])
            assert output.splitlines()[-1] == f"{home}/.venv/bin/python"

    @pytest.mark.parametrize("victim", ["server", "init", "keeper"])
    async def test_a_machine_whose_part_dies_has_failed_and_starts_again(
        self, name: str, victim: str, machines: Callable[[str], Machine]
    ) -> None:
        machine = machines(name)
        await machine.driver.create(machine.workspace)
        await machine.start()
        record = Record.read(machine.driver.places[machine.workspace].record)
        assert record is not None
        parts = record.named
        waiting = asyncio.create_task(machine.driver.wait(machine.workspace))
        if victim == "init":
            # The server ends because of it, and the keeper learns of both at once.
            parts["keeper"].signal(signal.SIGSTOP)
        parts[victim].signal(signal.SIGKILL)
        if victim == "init":
            await parts["server"].wait()
            parts["keeper"].signal(signal.SIGCONT)
        status = await waiting
        assert status.state is MachineState.FAILED
        assert {"server": "workspace server", "init": "process control", "keeper": "from outside"}[
            victim
        ] in status.reason
        assert await machine.driver.address(machine.workspace) is None
        await machine.start()
        assert record.processes == []
        assert await machine.running()

    async def test_a_servers_memory_is_limited(self, name: str, machines: Callable[[str], Machine]) -> None:
        machine = machines(name)
        await machine.driver.create(machine.workspace)
        await machine.start(Limits(memory=2 << 30))
        record = Record.read(machine.driver.places[machine.workspace].record)
        assert record
        limits = Path(f"/proc/{record.named['server'].pid}/limits").read_text()
        assert re.search(rf"^Max data size +{2 << 30} +{2 << 30} +bytes", limits, re.MULTILINE)

    async def test_a_server_that_ignores_the_request_is_killed_after_the_grace(
        self, name: str, machines: Callable[[str], Machine]
    ) -> None:
        machine = machines(name)
        await machine.driver.create(machine.workspace)
        await machine.start()
        record = Record.read(machine.driver.places[machine.workspace].record)
        assert record is not None
        record.named["server"].signal(signal.SIGSTOP)
        await machine.driver.stop(machine.workspace, grace=0.1)
        assert record.processes == []

    async def test_everything_that_users_run_ends_with_the_machine(
        self, name: str, machines: Callable[[str], Machine]
    ) -> None:
        machine = machines(name)
        await machine.driver.create(machine.workspace)
        await machine.start()
        script = f"(setsid nohup bash -c 'exec -a {machine.workspace} sleep 1000' > /dev/null 2>&1 &)"
        await machine.run("bash", "-c", script)
        # Not the shells that begin it, which name it too.
        await eventually(lambda: f"{machine.workspace} 1000" in everything_that_runs().splitlines())
        await machine.driver.stop(machine.workspace, grace=30)
        assert machine.workspace not in everything_that_runs()

    async def test_a_server_that_cannot_start_says_why(self, name: str, machines: Callable[[str], Machine]) -> None:
        machine = machines(name)
        machine.driver.program = ("-c", "raise SystemExit('the reason')")
        await machine.driver.create(machine.workspace)
        with pytest.raises(CoterieError) as raised:
            await machine.start()
        assert raised.value.code is ErrorCode.MACHINE_FAILED
        assert "the reason" in machine.log
        assert "the reason" in raised.value.detail
        assert (await machine.driver.poll(machine.workspace)).state is MachineState.STOPPED

    async def test_giving_up_a_start_leaves_nothing(self, name: str, machines: Callable[[str], Machine]) -> None:
        machine = machines(name)
        machine.driver.program = ("-c", "import time; time.sleep(1000)")
        await machine.driver.create(machine.workspace)
        path = machine.driver.places[machine.workspace].record
        starting = asyncio.create_task(machine.start())
        record = await eventually(lambda: (read := Record.read(path)) and "init" in read.named and read)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        assert not path.exists()
        assert record.processes == []

    async def test_a_killed_hub_leaves_machines_running(
        self, name: str, machines: Callable[[str], Machine], data: Path
    ) -> None:
        machine = machines(name)
        program = """
import asyncio, sys
from pathlib import Path
from tests.contract.conftest import WHOLE, Machine, local_driver
async def main():
    machine = Machine(local_driver(sys.argv[1], Path(sys.argv[2])), sys.argv[3])
    await machine.driver.create(machine.workspace)
    await machine.start()
    print("started", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""
        root = Path(__file__).parents[2]
        hub = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, name, os.fspath(data), machine.workspace, stdout=subprocess.PIPE, cwd=root
        )
        assert hub.stdout is not None
        assert await hub.stdout.readline() == b"started\n"
        hub.kill()
        await hub.wait()
        assert await machine.running()
        assert await machine.run("echo", "still here") == (0, "still here")
        waiting = asyncio.create_task(machine.driver.wait(machine.workspace))
        await machine.driver.stop(machine.workspace)
        await waiting


def everything_that_runs() -> str:
    return subprocess.run(["ps", "ax", "-o", "args"], check=True, capture_output=True, text=True).stdout


def test_every_shipped_faulty_driver_is_in_the_suite() -> None:
    shipped = {kind for kind in vars(faulty).values() if isinstance(kind, type) and issubclass(kind, faulty.Faulty)}
    assert shipped - {faulty.Faulty} == set(FAULTY.values())


def test_local_drivers_are_drivers(data: Path) -> None:
    drivers: list[Driver] = [local_driver("sandbox", data), local_driver("process", data)]
    assert all(isinstance(driver, LocalDriver) for driver in drivers)
