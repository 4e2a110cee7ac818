"""The master end of one PTY on the event loop: output in short turns, input in a bounded queue per person."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import struct
import termios
from collections import deque
from collections.abc import Callable

from coterie.wire.errors import CoterieError, ErrorCode

TURN = 16 << 10
"""Bytes read in one turn of the event loop while somebody types. 64 KB delayed keystrokes elsewhere (measured)."""

LONG_TURN = 128 << 10
"""Bytes read in one turn while nobody types: fewer, larger turns cost a third of the processor time (measured)."""

_TIOCSIG = 0x40045436
"""Linux: signal the PTY's foreground group (ioctl_tty(2)); elsewhere the call fails and Ctrl-C is typed instead."""
_LAST_WORDS = 1 << 20
"""Bytes read after the process's exit at most: programs it left behind may go on writing for ever."""

INPUT_LIMIT = 1 << 20
"""Bytes of one person's input that may wait for a program that does not read."""

_BUFFER = memoryview(bytearray(LONG_TURN))
"""Where all terminals' output is read to. Invariant: nothing is in it between two turns."""


class Pty:
    """Reads, writes and sizes a PTY whose master descriptor it owns and closes.

    `typing` tells whether people are waiting for anything else than output just now.
    """

    def __init__(self, master: int, output: Callable[[bytes], None], typing: Callable[[], bool]) -> None:
        self.master = master
        self._output = output
        self._typing = typing
        self._loop = asyncio.get_running_loop()
        self._reading = False
        self._hung_up = False
        self._input: deque[tuple[object, bytes]] = deque()
        self._waiting: dict[object, int] = {}
        self._closed = False
        os.set_blocking(master, False)
        self.resume()

    # Output

    def pause(self) -> None:
        """Read no more for now: what the program writes then waits in the kernel, and the program with it."""
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self.master)

    def resume(self) -> None:
        """Read whenever there is output."""
        if not self._reading and not self._hung_up and not self._closed:
            self._reading = True
            self._loop.add_reader(self.master, self._readable)

    def _readable(self) -> None:
        self._turn(TURN if self._typing() else LONG_TURN)
        if self._hung_up:
            self.pause()

    def _turn(self, limit: int) -> bool:
        """Put out at most `limit` bytes of what is there; return whether that was all."""
        size, last = 0, False
        readv, master, buffer = os.readv, self.master, _BUFFER[:limit]
        try:
            while size < limit:
                # In place: a bytes object for each of the kernel's small pieces would cost more than the copying.
                got = readv(master, (buffer[size:],))
                if not got:
                    self._hung_up = last = True
                    break
                size += got
        except BlockingIOError:
            last = True
        except OSError:  # EIO: no process has the other end open any more
            self._hung_up = last = True
        if size:
            self._output(bytes(buffer[:size]))
        return last

    async def finish(self) -> None:
        """After the process ended: put out everything it wrote, then close.

        A read that would block is proof that all was taken: the kernel moves what is under way before it says so.
        """
        self.pause()
        for _ in range(_LAST_WORDS // TURN):
            if self._closed or self._turn(TURN):
                break
            await asyncio.sleep(0)
        self.close()

    # Input

    def write(self, sender: object, data: bytes) -> None:
        """Queue input of one person, in order. A lone Ctrl-C discards what that person still had waiting.

        Raises CoterieError(LIMIT) when the program reads so little that INPUT_LIMIT bytes of this person wait already.
        """
        if self._closed or not data:
            return
        if not self._input:
            data = data[self._put(data) :]
            if not data:
                return
            self._loop.add_writer(self.master, self._writable)
        elif data == b"\x03":
            self.discard(sender)
        if self._waiting.get(sender, 0) + len(data) > INPUT_LIMIT:
            raise CoterieError(ErrorCode.LIMIT, "The program does not read what is typed. The rest was left out.")
        self._waiting[sender] = self._waiting.get(sender, 0) + len(data)
        self._input.append((sender, data))

    def interrupt(self) -> None:
        """Interrupt the program in front, also when it reads nothing and its input is full."""
        try:
            fcntl.ioctl(self.master, _TIOCSIG, signal.SIGINT)
        except OSError:
            self._put(b"\x03")

    def discard(self, sender: object) -> None:
        """Forget what a person typed that the program has not taken yet."""
        self._waiting.pop(sender, None)
        self._input = deque(item for item in self._input if item[0] is not sender)

    def _put(self, data: bytes) -> int:
        try:
            return os.write(self.master, data)
        except BlockingIOError:
            return 0
        except OSError:  # the other end is gone; the exit is reported elsewhere
            return len(data)

    def _writable(self) -> None:
        while self._input:
            sender, data = self._input[0]
            written = self._put(data)
            left = self._waiting.get(sender, 0) - written
            if left > 0:
                self._waiting[sender] = left
            else:
                self._waiting.pop(sender, None)
            if written < len(data):
                self._input[0] = (sender, data[written:])
                return
            self._input.popleft()
        self._loop.remove_writer(self.master)

    # Size

    def resize(self, columns: int, rows: int) -> None:
        """Set the size; the kernel tells the program in front when it differs."""
        if not self._closed:
            with contextlib.suppress(OSError):
                fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def close(self) -> None:
        """Let go of the PTY, which hangs up on what still runs in it."""
        if self._closed:
            return
        self.pause()
        self._loop.remove_writer(self.master)
        self._closed = True
        self._input.clear()
        self._waiting.clear()
        os.close(self.master)
