"""Drivers that fail in one named way each, around one that works: for tests, and for trying what people then see."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path

from coterie.hub.machines.driver import Address, Driver, Log, MachineSpec, MachineState, MachineStatus
from coterie.hub.machines.local import failure
from coterie.wire.errors import CoterieError, ErrorCode


class Faulty:
    """Passes everything on to a driver that works; the subclasses each change one thing."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.name = driver.name

    async def prepare(self) -> None:
        """See `Driver.prepare`."""
        await self.driver.prepare()

    async def create(self, workspace: str) -> Path:
        """See `Driver.create`."""
        return await self.driver.create(workspace)

    async def start(self, spec: MachineSpec, log: Log) -> Address:
        """See `Driver.start`."""
        return await self.driver.start(spec, log)

    async def poll(self, workspace: str) -> MachineStatus:
        """See `Driver.poll`."""
        return await self.driver.poll(workspace)

    async def wait(self, workspace: str) -> MachineStatus:
        """See `Driver.wait`."""
        return await self.driver.wait(workspace)

    async def stop(self, workspace: str, grace: float = 5.0) -> None:
        """See `Driver.stop`."""
        await self.driver.stop(workspace, grace)

    async def delete(self, workspace: str) -> None:
        """See `Driver.delete`."""
        await self.driver.delete(workspace)

    async def address(self, workspace: str) -> Address | None:
        """See `Driver.address`."""
        return await self.driver.address(workspace)

    async def exec(self, workspace: str, command: list[str], environment: dict[str, str], log: Log) -> int:
        """See `Driver.exec`."""
        return await self.driver.exec(workspace, command, environment, log)


class NeverStarts(Faulty):
    """Every start fails, with a reason."""

    reason = "This machine never starts: it was made to fail."

    async def start(self, spec: MachineSpec, log: Log) -> Address:
        """Log a line, then raise MACHINE_FAILED."""
        log("This driver was made to fail.")
        raise CoterieError(ErrorCode.MACHINE_FAILED, self.reason)


class Slow(Faulty):
    """Every start waits until `go` is set, or for ever."""

    def __init__(self, driver: Driver) -> None:
        super().__init__(driver)
        self.starting = asyncio.Event()
        """Set while a start waits."""
        self.go = asyncio.Event()

    async def start(self, spec: MachineSpec, log: Log) -> Address:
        """Wait, then start."""
        log("This driver was made to be slow.")
        self.starting.set()
        await self.go.wait()
        return await super().start(spec, log)


class Dies(Faulty):
    """Every machine ends by itself, as soon as it has started, or when `die` is called if `at_once` is false."""

    reason = "The machine ended by itself: it was made to fail."

    def __init__(self, driver: Driver, *, at_once: bool = True) -> None:
        super().__init__(driver)
        self._at_once = at_once
        self._died: set[str] = set()

    async def start(self, spec: MachineSpec, log: Log) -> Address:
        """Start, then die."""
        self._died.discard(spec.workspace)
        address = await super().start(spec, log)
        if self._at_once:
            await self.die(spec.workspace)
        return address

    async def die(self, workspace: str) -> None:
        """End the machine as if by itself."""
        self._died.add(workspace)
        await self.driver.stop(workspace, 0)

    async def poll(self, workspace: str) -> MachineStatus:
        """FAILED for a machine that has died."""
        if workspace in self._died:
            return MachineStatus(MachineState.FAILED, self.reason)
        return await super().poll(workspace)

    async def wait(self, workspace: str) -> MachineStatus:
        """Return when it has died, or stopped."""
        await super().wait(workspace)
        return await self.poll(workspace)

    async def stop(self, workspace: str, grace: float = 5.0) -> None:
        """Stop; what has died is stopped then."""
        self._died.discard(workspace)
        await super().stop(workspace, grace)

    async def delete(self, workspace: str) -> None:
        """Delete; forget that it died."""
        self._died.discard(workspace)
        await super().delete(workspace)


class DiskFull(Faulty):
    """There is never room for another machine."""

    async def create(self, workspace: str) -> Path:
        """Raise DISK_FULL."""
        raise failure(
            OSError(errno.ENOSPC, "No space left on device"), "The workspace's place on disk could not be made"
        )
