"""A plain client that joins rooms one message at a time and then stays, and a document with a long history."""

from __future__ import annotations

import select
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from bench import harness
from bench.hop import after_handshake
from bench.rooms.servers import Y_WEBSOCKET, Server
from tests.support.raw import RawSocket

_CLOSE, _PING, _PONG = 8, 9, 0x8A


class Joiner:
    """One connection to a server. Answers pings whenever it reads, as every browser does."""

    def __init__(self, server: Server, room: str) -> None:
        self._server = server
        self._room = room
        self._data = bytearray()
        self._socket = socket.create_connection(("127.0.0.1", server.port))
        self._socket.sendall(server.head(room))
        after_handshake(self._socket)

    def join(self, client: int) -> float:
        """Ask for the document; return the seconds until all of it is here. Raises TimeoutError."""
        began = time.perf_counter()
        self.ask(client)
        self.receive()
        return time.perf_counter() - began

    def ask(self, client: int) -> None:
        """Ask for the document and wait for nothing."""
        self.say(self._server.opening(self._room, client))

    def receive(self) -> None:
        """Wait until all of the document is here. Raises ConnectionError, TimeoutError."""
        while True:
            frame = self._frame()
            if frame is None:
                self._read()
            elif self._server.is_state(frame):
                return

    def say(self, messages: Iterable[bytes]) -> None:
        """Send messages."""
        self._socket.sendall(b"".join(RawSocket.frame(message) for message in messages))

    def stay(self) -> None:
        """Say what keeps a server from taking this client for gone."""
        self.say(self._server.still_here(self._room))

    def hear(self) -> None:
        """Take what has come. Raises ConnectionError when the server hung up."""
        self._read()
        while self._frame() is not None:
            continue

    def fileno(self) -> int:
        """The connection's descriptor."""
        return self._socket.fileno()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _frame(self) -> bytes | None:
        """The next whole message that came, None when there is none yet."""
        data = self._data
        while len(data) >= 2:
            size, start = data[1] & 127, 2
            if size > 125:
                start = 4 if size == 126 else 10
                if len(data) < start:
                    return None
                size = int.from_bytes(data[2:start], "big")
            if len(data) < start + size:
                return None
            kind, payload = data[0] & 15, bytes(data[start : start + size])
            del data[: start + size]
            if kind == _CLOSE:
                raise ConnectionError(f"closed: {payload!r}")
            if kind != _PING:
                return payload
            self._socket.sendall(RawSocket.frame(payload, _PONG))
        return None

    def _read(self) -> None:
        data = self._socket.recv(1 << 20)
        if not data:
            raise ConnectionError("the server hung up")
        self._data += data


def attend(joiners: Iterable[Joiner], seconds: float) -> None:
    """Let clients stay for a while and do nothing. Raises ConnectionError when a server lets go of one."""
    watch = select.epoll()
    by_descriptor = {joiner.fileno(): joiner for joiner in joiners}
    for descriptor, joiner in by_descriptor.items():
        watch.register(descriptor, select.EPOLLIN)
        joiner.stay()
    until = time.monotonic() + seconds
    with watch:
        while (left := until - time.monotonic()) > 0:
            for descriptor, _ in watch.poll(left):
                by_descriptor[descriptor].hear()


def long_history() -> bytes:
    """A document of 260,000 edits, as one update; made once, with Yjs itself, which takes seconds."""
    folder = harness.npm_peer("y-websocket", Y_WEBSOCKET)
    made = folder / "history.bin"
    if not made.exists():
        shutil.copy(Path(__file__).parent / "history.mjs", folder)
        subprocess.run([harness.node(), "history.mjs", str(made)], cwd=folder, check=True)
    return made.read_bytes()
