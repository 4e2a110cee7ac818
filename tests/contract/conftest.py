"""Machines for the contract suite: drivers over one data directory, and commands run from a terminal inside."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import tempfile
import venv
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from coterie.hub.machines import template
from coterie.hub.machines.driver import Address, Limits, MachineSpec, MachineState
from coterie.hub.machines.local import LocalDriver
from coterie.hub.machines.process import ProcessDriver
from coterie.hub.machines.sandbox.driver import SandboxDriver
from coterie.machine import channel
from coterie.wire.ids import new_id

WHOLE = template.make_environment
"""What makes the environment that people get, unlike these tests' machines."""


@pytest.fixture(scope="session")
def data() -> Iterator[Path]:
    """A worker's data directory, with a short path for the sockets' sake and no pip to copy for each machine."""
    folder = Path(tempfile.mkdtemp(prefix="coterie-"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(template, "make_environment", lambda path: venv.create(path, symlinks=True))
        yield folder
    shutil.rmtree(folder, ignore_errors=True)  # a spare home may be on its way into it


def local_driver(name: str, data: Path) -> LocalDriver:
    return SandboxDriver(data) if name == "sandbox" else ProcessDriver(data)


@dataclass
class Machine:
    """A machine under test."""

    driver: LocalDriver
    workspace: str = field(default_factory=new_id)
    log: list[str] = field(default_factory=list)

    def spec(self, limits: Limits | None = None, environment: dict[str, str] | None = None) -> MachineSpec:
        return MachineSpec(
            workspace=self.workspace,
            name="A workspace",
            hub_key=bytes(32),
            limits=limits or Limits(),
            environment=environment or {},
        )

    async def start(self, limits: Limits | None = None) -> Address:
        return await self.driver.start(self.spec(limits), self.log.append)

    async def run(self, *command: str, **environment: str) -> tuple[int, str]:
        """Run a command in the machine; return its exit code and output."""
        lines: list[str] = []
        code = await self.driver.exec(self.workspace, list(command), environment, lines.append)
        return code, "\n".join(lines)

    async def python(self, program: str, **environment: str) -> str:
        """Run Python in a terminal of the machine, as a user would; return what it printed."""
        return await asyncio.to_thread(self._terminal, ["python3", "-c", program], environment)

    def _terminal(self, command: list[str], environment: dict[str, str]) -> str:
        place = self.driver.places[self.workspace]
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(os.fspath(place.exec))
            request = {"do": "spawn", "request": 1, "command": command, "folder": self.driver.files(place)}
            channel.send(sock, {**request, "environment": environment, "size": [80, 24]})
            reader = channel.Reader(sock)
            output, ended = "", False
            while not ended:
                for message, fd in reader.read():
                    if message["did"] == "fail":
                        return str(message["sentence"])
                    if message["did"] == "spawn":
                        output = _until_closed(fd)
                    ended = ended or message["did"] == "exit"
            return output

    async def running(self) -> bool:
        return (await self.driver.poll(self.workspace)).state is MachineState.RUNNING


def _until_closed(fd: int) -> str:
    output = b""
    with contextlib.suppress(OSError):  # a terminal's end is an error to its master
        while part := os.read(fd, 65536):
            output += part
    os.close(fd)
    return output.decode().replace("\r\n", "\n")


MakeMachine = Callable[..., Machine]


@pytest.fixture
async def machines(data: Path) -> AsyncIterator[Callable[[str], Machine]]:
    """Make machines by driver's name; all are deleted in the end."""
    made: list[Machine] = []

    def make(name: str) -> Machine:
        machine = Machine(local_driver(name, data))
        made.append(machine)
        return machine

    yield make
    for machine in made:
        await machine.driver.delete(machine.workspace)
