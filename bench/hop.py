"""What the way through the hub costs: a workspace server reached directly beside one reached through the real gate.

One person types, fifty have the document open. Counted is the CPU time of everything on the way, the hub
included, for each delivered message; both are measured in turn, and everything runs on this machine.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pycrdt import Doc, Text

from bench import harness
from coterie.wire.launch import HANDOFF_SOCKET
from coterie.wire.messages import ClientMessage, decode_server, encode
from coterie.wire.messages.connection import Ping, Pong
from coterie.wire.messages.documents import DocumentEdit, DocumentOpen, DocumentOpened
from tests.support.hub import RunningHub
from tests.support.raw import RawSocket
from tests.support.workspace import RunningWorkspace

RECEIVERS = 50
RATE = int(os.environ.get("RATE", "500"))
"""Messages a second from the one sender."""

SECONDS = float(os.environ.get("SECONDS", "3"))
RUNS = int(os.environ.get("RUNS", "7"))
GOAL = 1.25
FILE = "hop.txt"
UPDATE = b"\xaeDocumentUpdate"
"""How the name of the counted message begins, in MessagePack."""


class Client:
    """A blocking WebSocket client with nothing to spare."""

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self.socket.settimeout(20)
        self._data = b""

    def send(self, message: ClientMessage) -> None:
        self.socket.sendall(RawSocket.frame(encode(message)))

    def wait(self, kind: type) -> Any:
        """Return the next message of this type, and forget those before it."""
        while True:
            message = decode_server(self._frame())
            if isinstance(message, kind):
                return message

    def count(self) -> int:
        """Read what there is; return how many updates of the document were whole in it."""
        self._data += self.socket.recv(65536)
        data, position, updates = self._data, 0, 0
        while len(data) - position >= 4:
            size, header = data[position + 1], 2
            if size == 126:
                size, header = int.from_bytes(data[position + 2 : position + 4], "big"), 4
            elif size == 127:
                if len(data) - position < 10:
                    break
                size, header = int.from_bytes(data[position + 2 : position + 10], "big"), 10
            if len(data) - position < header + size:
                break
            updates += data.startswith(UPDATE, position + header + 1)
            position += header + size
        self._data = data[position:]
        return updates

    def _take(self, size: int) -> bytes:
        while len(self._data) < size:
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError("closed")
            self._data += data
        taken, self._data = self._data[:size], self._data[size:]
        return taken

    def _frame(self) -> bytes:
        first, size = self._take(2)
        if size > 125:
            size = int.from_bytes(self._take(2 if size == 126 else 8), "big")
        payload = self._take(size)
        return payload if first == 0x82 else self._frame()


class Room:
    """One sender and the receivers, all in one document, and the processes that serve them."""

    def __init__(self, connect: Callable[[], socket.socket], processes: list[int]) -> None:
        self.processes = processes
        self.clients = [Client(connect()) for _ in range(RECEIVERS + 1)]
        for client in self.clients:
            client.send(DocumentOpen(1, FILE))
            self.document = client.wait(DocumentOpened).document
        self._sequence = 0
        self._doc: Doc[Any] = Doc()
        self._text = self._doc.get("text", type=Text)

    def settle(self) -> None:
        """Return once nothing is on its way to anybody: what was sent before an answer arrived before it."""
        number = int(time.monotonic() * 1000)
        for client in self.clients:
            client.send(Ping(number))
        for client in self.clients:
            while client.wait(Pong).number != number:
                continue

    def run(self) -> float:
        """CPU seconds of all processes for each message that was delivered."""
        self.settle()
        wanted = int(RATE * SECONDS)
        edits = [self._edit() for _ in range(wanted)]
        watch = select.epoll()
        sender, receivers = self.clients[0], self.clients[1:]
        by_descriptor = {client.socket.fileno(): client for client in receivers}
        for descriptor in by_descriptor:
            watch.register(descriptor, select.EPOLLIN)
        delivered = sent = 0
        used = sum(map(cpu_nanoseconds, self.processes))
        begun = time.monotonic()
        while delivered < wanted * RECEIVERS:
            now = time.monotonic()
            if now > begun + SECONDS + 10:
                raise TimeoutError(f"{delivered} of {wanted * RECEIVERS}")
            for edit in edits[sent : int((now - begun) * RATE) + 1]:
                sender.socket.sendall(edit)
                sent += 1
            for descriptor, _ in watch.poll(1 / RATE):
                delivered += by_descriptor[descriptor].count()
        used = sum(map(cpu_nanoseconds, self.processes)) - used
        watch.close()
        return used / 1e9 / delivered

    def _edit(self) -> bytes:
        before = self._doc.get_state()
        self._text += "x"
        self._sequence += 1
        return RawSocket.frame(encode(DocumentEdit(self.document, self._sequence, self._doc.get_update(before))))


def cpu_nanoseconds(process: int) -> int:
    """CPU time of all threads of a process."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in Path(f"/proc/{process}/task").iterdir())


def peer(path: Path) -> int:
    """The process that listens on a hand-off socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as asking:
        asking.connect(str(path))
        process: int = struct.unpack("iII", asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
    return process


def direct(server: RunningWorkspace) -> socket.socket:
    """A client whose connection the workspace server has by itself."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        theirs, _ = listener.accept()
    with theirs:
        server.pass_socket(theirs, server.head())
    return after_handshake(client)


def through_the_gate(hub: RunningHub, cookie: str, workspace: str) -> socket.socket:
    """A client that came to the hub's address as a browser does."""
    client = socket.create_connection(("127.0.0.1", hub.port))
    lines = [
        f"GET /w/{workspace} HTTP/1.1",
        f"host: 127.0.0.1:{hub.port}",
        f"origin: {hub.address}",
        f"cookie: {cookie}",
        "connection: Upgrade",
        "upgrade: websocket",
        "sec-websocket-version: 13",
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    client.sendall("\r\n".join([*lines, "", ""]).encode())
    return after_handshake(client)


def after_handshake(client: socket.socket) -> socket.socket:
    """Read the answer's head, byte by byte so as to take nothing of what follows."""
    client.settimeout(20)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = client.recv(1)
        if not byte:
            raise ConnectionError(f"closed during the handshake: {head!r}")
        head += byte
    if not head.startswith(b"HTTP/1.1 101"):
        raise ConnectionError(head.decode())
    return client


def measure() -> dict[str, Any]:
    """Run both in turn and return the result of the question."""
    with (
        tempfile.TemporaryDirectory(prefix="cot-") as alone,
        tempfile.TemporaryDirectory(prefix="cot-") as data,
    ):
        server = RunningWorkspace(Path(alone)).start()
        hub = RunningHub(Path(data), {"COTERIE_DRIVER": "process"}).start()
        try:
            account = hub.set_up()
            workspace = account.post("/workspaces", {"name": "hop", "source": {"kind": "blank"}})["id"]
            while account.get(f"/workspaces/{workspace}")["state"] != "running":
                time.sleep(0.05)
            for files in (server.files, hub.data / "workspaces" / workspace / "files"):
                (files / FILE).write_text("hop\n")
            cookie = "; ".join(f"{name}={value}" for name, value in account.http.cookies.items())
            run = hub.data / "workspaces" / workspace / "run" / HANDOFF_SOCKET
            assert server.process
            assert hub.process
            rooms = {
                "direct": Room(lambda: direct(server), [server.process.pid]),
                "through the gate": Room(
                    lambda: through_the_gate(hub, cookie, workspace), [peer(run), hub.process.pid]
                ),
            }
            for room in rooms.values():
                room.run()
            results = harness.in_turn({name: room.run for name, room in rooms.items()}, RUNS)
            for room in rooms.values():
                for client in room.clients:
                    client.socket.close()
            hub.remove_machines(account)
        finally:
            hub.stop()
            server.stop()
    micro = {name: [value * 1e6 for value in values] for name, values in results.items()}
    harness.table(
        ["", "median µs CPU per message", "least", "most"],
        [[name, harness.median(values), min(values), max(values)] for name, values in micro.items()],
    )
    ours, theirs = harness.median(micro["through the gate"]), harness.median(micro["direct"])
    return {
        "question": "hop",
        "ours": ours,
        "peers": {"direct": theirs},
        "ratio": ours / theirs,
        "goal": f"at most {GOAL}x the CPU per message at {RECEIVERS} receivers",
        "met": ours / theirs <= GOAL,
    }


if __name__ == "__main__":
    harness.finish(measure())
