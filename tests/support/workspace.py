"""A real workspace server in a process of its own, and a hub's hand that signs tickets and passes sockets to it."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from coterie.wire import tickets
from coterie.wire.capabilities import ACCESS, Role
from coterie.wire.ids import new_id
from coterie.wire.launch import HANDOFF_SOCKET, HTTP_SOCKET, Launch
from coterie.wire.packets import send
from coterie.wire.tickets import Ticket
from tests.support.socket import WorkspaceSocket

READY_WITHIN = 20.0

PATIENT = """
import sys
from coterie.workspace import __main__, socket
socket.GOODBYE = 20.0
sys.exit(__main__.main())
"""
"""`python -m coterie.workspace` that gives a client on a busy machine time to read why it was closed."""


class RunningWorkspace:
    """A workspace server over a short directory (Unix socket paths are at most 107 bytes)."""

    def __init__(self, folder: Path, environment: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.workspace = new_id()
        self.key = Ed25519PrivateKey.generate()
        for name in ("files", "home", "state", "run"):
            (folder / name).mkdir(exist_ok=True)
        self.files = folder / "files"
        self.handoff = folder / "run" / HANDOFF_SOCKET
        self.http = folder / "run" / HTTP_SOCKET
        self.environment = environment or {}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> RunningWorkspace:
        """Start and return once both sockets accept."""
        ready, theirs = os.pipe()
        launch = Launch(
            workspace=self.workspace,
            name="Test",
            files=str(self.files),
            home=str(self.folder / "home"),
            state=str(self.folder / "state"),
            run=str(self.folder / "run"),
            hub_key=self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw),
            ready_fd=theirs,
            environment=self.environment,
        )
        self.process = subprocess.Popen([sys.executable, "-c", PATIENT], stdin=subprocess.PIPE, pass_fds=[theirs])
        os.close(theirs)
        assert self.process.stdin
        self.process.stdin.write(msgspec.json.encode(launch))
        self.process.stdin.close()
        try:
            if not os.read(ready, 1):
                raise RuntimeError(f"the workspace server ended with {self.process.wait()}")
        finally:
            os.close(ready)
        return self

    def stop(self) -> int:
        """End it in an orderly way; return its exit code."""
        assert self.process
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(READY_WITHIN)

    def kill(self) -> None:
        """End it without a chance to tidy up."""
        assert self.process
        self.process.kill()
        self.process.wait(READY_WITHIN)

    def ticket(self, role: Role = Role.OWNER, user: str = "ada", **changes: object) -> Ticket:
        """Return a ticket as the gate would make it, with `changes` to its fields."""
        fields: dict[str, object] = {
            "workspace": self.workspace,
            "user": user,
            "username": user,
            "display_name": user.title(),
            "role": role,
            "capabilities": tuple(sorted(ACCESS[role])),
            "expires": int(time.time()) + tickets.LIFETIME,
            "grant": new_id(),
            "email": f"{user}@example.org",
        }
        return Ticket(**{**fields, **changes})  # type: ignore[arg-type]

    def header(self, ticket: Ticket) -> str:
        """Return the ticket, signed."""
        return tickets.sign(ticket, self.key)

    async def open(self, ticket: Ticket | None = None, header: str | None = None) -> WorkspaceSocket:
        """Connect a member through hand-off, over a real TCP connection, and wait for Welcome. Raises Closed."""
        header = header or self.header(ticket or self.ticket())
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.setblocking(False)
            opening = asyncio.ensure_future(
                WorkspaceSocket.open(f"ws://127.0.0.1:{listener.getsockname()[1]}/w/{self.workspace}", {})
            )
            client, _ = await asyncio.get_running_loop().sock_accept(listener)
        with client:
            client.setblocking(False)
            head = b""
            while b"\r\n\r\n" not in head:
                head += await asyncio.get_running_loop().sock_recv(client, 65536)
            key = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key"))
            self.pass_socket(client, _head(self.workspace, key.partition(b":")[2].strip(), header))
        return await opening

    async def hand_over(self, ticket: Ticket | None = None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect a member, and return the client's side right after the handshake."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.setblocking(False)
            reader, writer = await asyncio.open_connection(*listener.getsockname())
            client, _ = await asyncio.get_running_loop().sock_accept(listener)
        with client:
            self.pass_socket(client, self.head(ticket))
        await reader.readuntil(b"\r\n\r\n")
        return reader, writer

    def head(self, ticket: Ticket | None = None) -> bytes:
        """Return a request head as the gate passes it on."""
        return _head(self.workspace, new_key(), self.header(ticket or self.ticket()))

    def pass_socket(self, client: socket.socket, head: bytes) -> None:
        """Pass a connected socket over, as the gate does."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as passing:
            passing.connect(str(self.handoff))
            send(passing, head, [client.fileno()])


def _head(workspace: str, key: bytes, header: str) -> bytes:
    lines = [
        f"GET /w/{workspace} HTTP/1.1".encode(),
        b"host: coterie",
        b"upgrade: websocket",
        b"connection: upgrade",
        b"sec-websocket-version: 13",
        b"sec-websocket-key: " + key,
        f"{tickets.HEADER}: {header}".encode(),
    ]
    return b"\r\n".join([*lines, b"", b""])


def new_key() -> bytes:
    """A WebSocket key as a browser makes it."""
    return base64.b64encode(os.urandom(16))
