"""Processes of the host that may not be our children: recognised after a restart, waited for, ended."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from dataclasses import dataclass

from coterie.machine.kernel import began

_INTERVAL = 0.2
"""Seconds between looks at a process where the system cannot tell of its end (not Linux)."""


@dataclass(frozen=True)
class HostProcess:
    """One process, told from a later one with the same number by when it began."""

    pid: int
    began: str

    @classmethod
    def find(cls, pid: int) -> HostProcess | None:
        """Return the process with this number, None when there is none or it is a zombie."""
        since = began(pid)
        return cls(pid, since) if since else None

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        _reap(self.pid)
        return began(self.pid) == self.began

    def signal(self, number: int) -> None:
        """Send a signal; no-op when it has ended."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def wait(self) -> None:
        """Return when it has ended."""
        if not hasattr(os, "pidfd_open"):
            while self.alive:  # noqa: ASYNC110 nothing tells of its end here
                await asyncio.sleep(_INTERVAL)
            return
        try:
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        try:
            if not self.alive:
                return
            loop.add_reader(descriptor, ended.set)
            await ended.wait()
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)
            _reap(self.pid)


async def end(processes: list[HostProcess], grace: float) -> bool:
    """Send SIGTERM to the first, SIGKILL to all that are left after `grace` seconds; return once none is left.

    True when it ended within the grace.
    """
    everyone = asyncio.gather(*(process.wait() for process in processes))
    processes[0].signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(asyncio.shield(everyone), grace)
    except TimeoutError:
        for process in processes:
            process.signal(signal.SIGKILL)
        await everyone
        return False
    except asyncio.CancelledError:
        everyone.cancel()
        raise
    return True


def _reap(pid: int) -> None:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
