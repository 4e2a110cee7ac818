"""Runs one command in a machine through its init, and passes on what it prints line by line."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from pathlib import Path

from coterie.hub.machines.driver import Log
from coterie.machine import channel
from coterie.wire.errors import CoterieError, ErrorCode

_LONGEST_LINE = 16384
"""Bytes after which a line is cut in two: what a machine prints is not trusted to have line ends."""


class Execution:
    """One command, from asking for it to its exit code. Closing the connection kills what still runs of it."""

    def __init__(self, sock: socket.socket, log: Log) -> None:
        self._socket = sock
        self._reader = channel.Reader(sock)
        self._log = log
        self._loop = asyncio.get_running_loop()
        self._code: asyncio.Future[int] = self._loop.create_future()
        self._output = -1
        self._line = b""

    async def run(self, command: list[str], folder: str, environment: dict[str, str]) -> int:
        """Return the exit code; what the command left running in the background goes on, unheard.

        Raises CoterieError(MACHINE_FAILED) when it cannot be started, BrokenError or OSError when the machine ends.
        """
        request = {"do": "spawn", "request": 1, "command": command, "folder": folder, "environment": environment}
        channel.send(self._socket, {**request, "size": None})
        self._socket.setblocking(False)
        self._loop.add_reader(self._socket.fileno(), self._guarded, self._answer)
        try:
            return await self._code
        finally:
            self._loop.remove_reader(self._socket.fileno())
            self._hear_no_more()

    def _guarded(self, step: object) -> None:
        try:
            assert callable(step)
            step()
        except BlockingIOError:
            return
        except (channel.BrokenError, OSError, KeyError, ValueError, TypeError) as error:
            self._finish(error)

    def _answer(self) -> None:
        for message, fd in self._reader.read():
            if message["did"] == "fail":
                self._finish(CoterieError(ErrorCode.MACHINE_FAILED, str(message["sentence"])))
            elif message["did"] == "spawn" and fd >= 0:
                os.set_blocking(fd, False)
                self._output = fd
                self._loop.add_reader(fd, self._guarded, self._hear)
            elif message["did"] == "exit":
                with contextlib.suppress(BlockingIOError):
                    while self._output >= 0:
                        self._hear()
                if not self._code.done():
                    self._code.set_result(int(message["code"]))

    def _hear(self) -> None:
        data = os.read(self._output, 65536)
        if not data:
            self._hear_no_more()
            return
        *lines, self._line = (self._line + data).split(b"\n")
        for line in lines:
            self._say(line)
        while len(self._line) > _LONGEST_LINE:
            self._say(self._line[:_LONGEST_LINE])
            self._line = self._line[_LONGEST_LINE:]

    def _say(self, line: bytes) -> None:
        self._log(line.rstrip(b"\r").decode("utf-8", "replace"))

    def _hear_no_more(self) -> None:
        if self._line:
            self._say(self._line)
            self._line = b""
        if self._output >= 0:
            self._loop.remove_reader(self._output)
            os.close(self._output)
            self._output = -1

    def _finish(self, error: Exception) -> None:
        if not self._code.done():
            self._code.set_exception(error)


async def execute(path: Path, folder: str, command: list[str], environment: dict[str, str], log: Log) -> int:
    """Run `command` through the init whose socket is at `path`; see `Driver.exec`."""
    with socket.socket(socket.AF_UNIX) as sock:
        try:
            sock.connect(os.fspath(path))
            return await Execution(sock, log).run(command, folder, environment)
        except (channel.BrokenError, OSError, KeyError, ValueError, TypeError) as error:
            sentence = f"The machine ended while {command[0]} ran in it."
            raise CoterieError(ErrorCode.NOT_RUNNING, sentence, repr(error)) from error
