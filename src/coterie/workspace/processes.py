"""Starting what a user runs: the workspace server asks the machine's init, and gets a terminal or a pipe back."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple, Protocol

from coterie.machine import channel
from coterie.machine.init import RUN_INIT
from coterie.machine.ports import Listener
from coterie.wire.errors import CoterieError, ErrorCode

LOST = 137
"""Exit code of processes whose init is gone: 128 + SIGKILL, which is how they ended."""


class Running(NamedTuple):
    """What runs in a session beside its leader."""

    commands: list[str]
    """Command lines, oldest first."""
    jobs: list[tuple[int, float, str]]
    """Those that none of the others began: number, age in seconds, command line."""


class Process(Protocol):
    """One process that a user runs, leader of its own session."""

    pid: int
    """As the machine numbers it."""
    master: int
    """Non-blocking descriptor that the receiver closes: the PTY's master, or the read end of its output's pipe."""

    async def wait(self) -> int:
        """Return the exit code once it has ended, 128 + n for signal n. Output may still be unread in `master`."""
        ...

    def signal(self, number: int) -> None:
        """Send a signal to every process of its session; no-op once it has ended."""
        ...

    def hang_up(self) -> None:
        """Hang up on every process of its session, and kill those that are still there 2 s later."""
        ...

    async def running(self) -> Running:
        """Return its session's other processes; none once it has ended."""
        ...


class Spawner(Protocol):
    """Starts processes as the machine's user."""

    async def spawn(
        self, command: list[str], *, folder: str, environment: dict[str, str], columns: int, rows: int, pty: bool = True
    ) -> Process:
        """Start `command` in `folder` (absolute, as users see it) with `environment` added to the machine's.

        Without `pty`, standard input is empty, output and errors go into one pipe, and the size is ignored.
        Raises CoterieError(MACHINE_FAILED) with a sentence when it cannot be started.
        """
        ...

    async def ports(self) -> list[Listener]:
        """Return what programs that users run listen on: port, address to reach it at, command line; by port."""
        ...

    async def close(self) -> None:
        """End every process and the init."""
        ...


class InitSpawner:
    """Spawns through the machine's init, over the inherited socket `fd`, whose other end is the init's."""

    def __init__(self, fd: int) -> None:
        self._socket = socket.socket(fileno=fd)
        self._socket.setblocking(False)
        self._reader = channel.Reader(self._socket)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._outgoing = bytearray()
        self._requests = 0
        self._spawning: dict[int, asyncio.Future[_InitProcess]] = {}
        self._asking: dict[int, asyncio.Future[channel.Message]] = {}
        self._processes: dict[int, _InitProcess] = {}
        self._gone = False

    async def spawn(
        self, command: list[str], *, folder: str, environment: dict[str, str], columns: int, rows: int, pty: bool = True
    ) -> Process:
        """See `Spawner.spawn`."""
        self._begin()
        self._requests += 1
        request = self._requests
        answer: asyncio.Future[_InitProcess] = asyncio.get_running_loop().create_future()
        self._spawning[request] = answer
        size = [columns, rows] if pty else None
        message = {"do": "spawn", "request": request, "command": command, "folder": folder, "size": size}
        self.send({**message, "environment": environment})
        try:
            return await answer
        except asyncio.CancelledError:
            self._spawning.pop(request, None)
            raise

    async def close(self) -> None:
        """Close the socket, upon which the init ends everything."""
        self._lost()

    def _begin(self) -> None:
        if self._loop is None and not self._gone:
            self._loop = asyncio.get_running_loop()
            self._loop.add_reader(self._socket.fileno(), self._readable)

    async def running(self, pid: int) -> Running:
        """See `Process.running`."""
        message = await self._ask({"do": "list", "pid": pid})
        # An init that began before this server was installed tells no jobs.
        jobs = [(int(pid), float(age) / 1000, str(command)) for pid, age, command in message.get("jobs", [])]
        return Running([str(command) for command in message["commands"]], jobs)

    async def ports(self) -> list[Listener]:
        """See `Spawner.ports`."""
        found = (await self._ask({"do": "ports"}))["ports"]
        return [(int(port), str(address), str(command)) for port, address, command in found]

    async def _ask(self, question: channel.Message) -> channel.Message:
        self._begin()
        self._requests += 1
        answer: asyncio.Future[channel.Message] = asyncio.get_running_loop().create_future()
        self._asking[self._requests] = answer
        self.send({**question, "request": self._requests})
        return await answer

    def send(self, message: channel.Message) -> None:
        """Send `message` to the init, later where its socket is full."""
        if self._gone:
            self._lost()
            return
        self._outgoing += channel.frame(message)
        self._writable()

    def _writable(self) -> None:
        assert self._loop is not None
        try:
            del self._outgoing[: self._socket.send(self._outgoing)]
        except BlockingIOError:
            pass
        except OSError:
            self._lost()
            return
        if self._outgoing:
            self._loop.add_writer(self._socket.fileno(), self._writable)
        else:
            self._loop.remove_writer(self._socket.fileno())

    def _readable(self) -> None:
        try:
            messages = self._reader.read()
        except BlockingIOError:
            return
        except channel.BrokenError:
            self._lost()
            return
        for message, fd in messages:
            self._take(message, fd)

    def _take(self, message: channel.Message, fd: int) -> None:
        if message.get("did") == "exit":
            process = self._processes.pop(int(message["pid"]), None)
            if process:
                process.ended.set_result(int(message["code"]))
            return
        if message.get("did") in ("list", "ports"):
            asked = self._asking.pop(int(message["request"]), None)
            if asked is not None and not asked.done():
                asked.set_result(message)
            return
        answer = self._spawning.pop(int(message["request"]), None)
        if message.get("did") == "spawn" and fd >= 0:
            os.set_blocking(fd, False)
            assert self._loop is not None
            process = _InitProcess(self, int(message["pid"]), fd, self._loop.create_future())
            self._processes[process.pid] = process
            if answer is None or answer.done():
                os.close(fd)
                process.signal(9)
            else:
                answer.set_result(process)
        elif answer and not answer.done():
            answer.set_exception(CoterieError(ErrorCode.MACHINE_FAILED, str(message["sentence"])))

    def _lost(self) -> None:
        if not self._gone:
            self._gone = True
            if self._loop is not None:
                self._loop.remove_reader(self._socket.fileno())
                self._loop.remove_writer(self._socket.fileno())
            self._socket.close()
        for answer in self._spawning.values():
            if not answer.done():
                sentence = "The machine is ending, nothing can be started in it any more."
                answer.set_exception(CoterieError(ErrorCode.MACHINE_FAILED, sentence))
        for process in self._processes.values():
            process.ended.set_result(LOST)
        for asked in self._asking.values():
            if not asked.done():
                asked.set_result({"commands": [], "ports": []})
        self._spawning.clear()
        self._asking.clear()
        self._processes.clear()


class _InitProcess:
    def __init__(self, spawner: InitSpawner, pid: int, master: int, ended: asyncio.Future[int]) -> None:
        self.pid = pid
        self.master = master
        self.ended = ended
        self._spawner = spawner

    async def wait(self) -> int:
        return await asyncio.shield(self.ended)

    def signal(self, number: int) -> None:
        if not self.ended.done():
            self._spawner.send({"do": "signal", "pid": self.pid, "signal": number})

    def hang_up(self) -> None:
        if not self.ended.done():
            self._spawner.send({"do": "hang-up", "pid": self.pid})

    async def running(self) -> Running:
        return Running([], []) if self.ended.done() else await self._spawner.running(self.pid)


class DirectSpawner:
    """Spawns through an init of its own beside this process, without any isolation: process driver and tests."""

    def __init__(self) -> None:
        self._init: subprocess.Popen[bytes] | None = None
        self._spawner: InitSpawner | None = None

    async def spawn(
        self, command: list[str], *, folder: str, environment: dict[str, str], columns: int, rows: int, pty: bool = True
    ) -> Process:
        """See `Spawner.spawn`; the first one starts the init."""
        if self._spawner is None:
            ours, theirs = socket.socketpair()
            package = str(Path(channel.__file__).parents[2])
            with theirs:
                self._init = subprocess.Popen(  # noqa: ASYNC220 returns at once
                    [sys.executable, "-I", "-S", "-c", RUN_INIT, package, f"--control={theirs.fileno()}"],
                    stdin=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,
                )
            self._spawner = InitSpawner(ours.detach())
        return await self._spawner.spawn(
            command, folder=folder, environment=environment, columns=columns, rows=rows, pty=pty
        )

    async def ports(self) -> list[Listener]:
        """See `Spawner.ports`."""
        return await self._spawner.ports() if self._spawner is not None else []

    async def close(self) -> None:
        """See `Spawner.close`; returns once everything has ended."""
        if self._spawner is not None and self._init is not None:
            await self._spawner.close()
            await asyncio.to_thread(self._init.wait)
            self._spawner = self._init = None

    def __del__(self) -> None:
        with contextlib.suppress(AttributeError):
            if self._init is not None and self._spawner is not None:
                self._spawner._socket.close()
