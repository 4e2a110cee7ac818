"""A plain client that joins rooms one message at a time, and a document with a long history."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path

from bench import harness
from bench.hop import after_handshake
from bench.rooms.servers import Y_WEBSOCKET, Server
from tests.support.raw import RawSocket


class Joiner:
    """One connection to a server."""

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
        self.say(b"".join(RawSocket.frame(message) for message in self._server.opening(self._room, client)))

    def receive(self) -> None:
        """Wait until all of the document is here."""
        while not self._server.is_state(self._frame()):
            continue

    def say(self, frames: bytes) -> None:
        self._socket.sendall(frames)

    def close(self) -> None:
        self._socket.close()

    def _frame(self) -> bytes:
        head = self._take(2)
        size = head[1] & 127
        if size > 125:
            size = int.from_bytes(self._take(2 if size == 126 else 8), "big")
        return self._take(size)

    def _take(self, size: int) -> bytes:
        while len(self._data) < size:
            data = self._socket.recv(1 << 20)
            if not data:
                raise ConnectionError("the server hung up")
            self._data += data
        taken = bytes(self._data[:size])
        del self._data[:size]
        return taken


def long_history() -> bytes:
    """A document of 260,000 edits, as one update; made once, with Yjs itself, which takes seconds."""
    folder = harness.npm_peer("y-websocket", Y_WEBSOCKET)
    made = folder / "history.bin"
    if not made.exists():
        shutil.copy(Path(__file__).parent / "history.mjs", folder)
        subprocess.run([harness.node(), "history.mjs", str(made)], cwd=folder, check=True)
    return made.read_bytes()
