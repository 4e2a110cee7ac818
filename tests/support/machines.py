"""A driver whose machines are entries in a dictionary, and a registry that remembers what was revoked."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coterie.hub.machines.driver import Address, Log, MachineSpec, MachineState, MachineStatus
from coterie.wire.closing import Closing


class Machines:
    """Implements Driver. It is shared by hubs that follow each other: what runs goes on without them."""

    name = "memory"

    def __init__(self, workspaces: Path) -> None:
        self.workspaces = workspaces
        self.running: dict[str, asyncio.Event] = {}
        self.ended: dict[str, MachineStatus] = {}
        self.started: list[MachineSpec] = []
        self.hold: asyncio.Event | None = None
        """Every start waits for this, when set."""
        self.hold_stop: asyncio.Event | None = None
        """Every stop waits for this, when set."""
        self.starting = asyncio.Event()
        self.fail_start: Exception | None = None
        self.fail_stop: Exception | None = None

    async def prepare(self) -> None:
        return

    async def create(self, workspace: str) -> Path:
        files = self.workspaces / workspace / "files"
        files.mkdir(parents=True)
        return files

    async def start(self, spec: MachineSpec, log: Log) -> Address:
        self.starting.set()
        if self.hold:
            await self.hold.wait()
        if self.fail_start:
            raise self.fail_start
        log("started in memory")
        self.started.append(spec)
        self.ended.pop(spec.workspace, None)
        self.running.setdefault(spec.workspace, asyncio.Event())
        return Address(None, Path("nowhere"))

    def die(self, workspace: str, reason: str = "It was killed.") -> None:
        """End a machine as if by itself."""
        self._end(workspace, MachineStatus(MachineState.FAILED, reason))

    def _end(self, workspace: str, status: MachineStatus) -> None:
        self.ended[workspace] = status
        if ended := self.running.pop(workspace, None):
            ended.set()

    async def poll(self, workspace: str) -> MachineStatus:
        if workspace in self.running:
            return MachineStatus(MachineState.RUNNING)
        if workspace in self.ended:
            return self.ended[workspace]
        exists = await asyncio.to_thread((self.workspaces / workspace / "files").exists)
        return MachineStatus(MachineState.STOPPED if exists else MachineState.ABSENT)

    async def wait(self, workspace: str) -> MachineStatus:
        if ended := self.running.get(workspace):
            await ended.wait()
        return await self.poll(workspace)

    async def stop(self, workspace: str, grace: float = 5.0) -> None:
        if self.hold_stop:
            await self.hold_stop.wait()
        if self.fail_stop:
            raise self.fail_stop
        self._end(workspace, MachineStatus(MachineState.STOPPED))

    async def delete(self, workspace: str) -> None:
        await self.stop(workspace)
        await asyncio.to_thread(shutil.rmtree, self.workspaces / workspace, ignore_errors=True)

    async def address(self, workspace: str) -> Address | None:
        return Address(None, Path("nowhere")) if workspace in self.running else None

    async def exec(self, workspace: str, command: list[str], environment: dict[str, str], log: Log) -> int:
        return 0


@dataclass(frozen=True)
class Passing:
    """A connection that somebody has."""

    user: str
    login: str
    workspace: str
    grant: str


class Revocations:
    """Implements the hub's Revoker: keeps what was asked for, in order."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.live: list[Passing] = []
        """Connections that are to be found."""
        self.doubts = 0

    def connections(self) -> list[Passing]:
        return self.live

    def doubt(self) -> None:
        self.doubts += 1

    def revoke(
        self, *, user: str | None = None, workspace: str | None = None, login: str | None = None, closing: Closing
    ) -> int:
        self.calls.append({"user": user, "workspace": workspace, "login": login, "closing": closing})
        return 0

    def closings(self, **where: Any) -> list[Closing]:
        """Why connections were closed, of the calls that match."""
        return [call["closing"] for call in self.calls if where.items() <= call.items()]
