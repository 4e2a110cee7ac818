"""A plain client that joins rooms one message at a time, and a document with a long history."""

from __future__ import annotations

import random
import socket
import time

from pycrdt import Doc, Text

from bench.hop import after_handshake
from bench.rooms.servers import Server
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


def long_history(inserts: int = 182_315, deletes: int = 77_463) -> bytes:
    """A document of 260,000 edits with the numbers of the automerge-perf trace ("B4"), as one update."""
    chance = random.Random(12345)
    doc: Doc[Text] = Doc(client_id=77)
    text = doc.get("text", type=Text)
    place, length = 0, 0
    with doc.transaction():
        while inserts or deletes:
            run = 1 + chance.randrange(30)
            if deletes and length > 20 and chance.random() < 0.45:
                for _ in range(min(run, deletes, place)):
                    place, length, deletes = place - 1, length - 1, deletes - 1
                    del text[place : place + 1]
            for _ in range(min(run, inserts)):
                text.insert(place, chr(97 + chance.randrange(26)))
                place, length, inserts = place + 1, length + 1, inserts - 1
            if not inserts or chance.random() < 0.25:
                place = chance.randrange(length + 1)
    return doc.get_update()
