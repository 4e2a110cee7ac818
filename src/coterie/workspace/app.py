"""One run of a workspace server: makes the services, opens its two sockets, and saves everything at the end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import select
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from coterie.wire.closing import Closing
from coterie.wire.ids import new_id
from coterie.wire.launch import HANDOFF_SOCKET, HTTP_SOCKET, Launch
from coterie.workspace.activity import Activity
from coterie.workspace.documents.events import Around
from coterie.workspace.documents.service import Documents
from coterie.workspace.files.content import Content
from coterie.workspace.files.git import Git
from coterie.workspace.files.service import Files
from coterie.workspace.files.uploads import Uploads
from coterie.workspace.handoff import Handoff
from coterie.workspace.http import HttpServer
from coterie.workspace.members import Members
from coterie.workspace.paths import Root
from coterie.workspace.ports import Ports
from coterie.workspace.presence import Presence
from coterie.workspace.processes import DirectSpawner, InitSpawner, Spawner
from coterie.workspace.service import Service
from coterie.workspace.socket import Sockets
from coterie.workspace.terminals.service import Terminals

log = logging.getLogger("coterie.workspace")

_GOODBYES = 1.0
"""Seconds that connected clients have for taking the reason, while the services save."""


class WorkspaceServer:
    """Everything of one running workspace server."""

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        shown_files = launch.shown_files or launch.files
        state = Path(launch.state)
        self.spawner: Spawner = InitSpawner(launch.spawn_fd) if launch.spawn_fd >= 0 else DirectSpawner()
        self.root = Root(Path(launch.files), launch.shown_files)
        ports = Ports(self.spawner)
        activity = Activity()
        git = Git(self.spawner, self.root, shown_files)
        terminals = Terminals(
            self.spawner,
            files=shown_files,
            state=state,
            environment=launch.environment,
            ring_size=launch.terminal_keep,
            typing=activity.recent,
        )
        self.services: list[Service] = [
            Presence(
                server=new_id(),
                workspace=launch.workspace,
                name=launch.name,
                files_root=shown_files,
            ),
            Files(self.root, self.spawner, shown_files),
            Documents(self.root, state, Around(git.differing, git.files, terminals.at_work)),
            terminals,
            ports,
        ]
        key = Ed25519PublicKey.from_public_bytes(launch.hub_key)
        self.members = Members(self.services, activity)
        self.sockets = Sockets(self.members, key, launch.workspace)
        self.uploads = Uploads(self.root, state / "uploads")
        files = Content(self.root, self.uploads)
        self.http = HttpServer(files.serve, self.sockets, ports, key, launch.workspace)
        self._handoff: Handoff | None = None
        self._http_listener: asyncio.Server | None = None

    async def start(self) -> None:
        """Start the services, then accept connections."""
        await asyncio.to_thread(self.uploads.sweep)
        for service in self.services:
            await service.start()
        run = Path(self._launch.run)
        self._handoff = Handoff(run / HANDOFF_SOCKET, self.sockets)
        path = run / HTTP_SOCKET
        path.unlink(missing_ok=True)
        loop = asyncio.get_running_loop()
        self._http_listener = await loop.create_unix_server(self.http.protocol, os.fspath(path), backlog=128)
        path.chmod(0o600)
        if self._launch.ready_fd >= 0:
            os.write(self._launch.ready_fd, b"\n")
            os.close(self._launch.ready_fd)

    async def stop(self) -> None:
        """Take nothing more from anybody, save everything, and let go of all clients."""
        if self._http_listener:
            self._http_listener.close()
        self.sockets.close_all(Closing.STOPPING)
        await self.http.finish(_GOODBYES)
        await self.members.settle(_GOODBYES)
        for service in reversed(self.services):
            try:
                await service.stop()
            except Exception:
                log.exception("%s did not stop", type(service).__name__)
        await self.sockets.closed(_GOODBYES)
        if self._handoff:
            self._handoff.close()
        await self.spawner.close()
        self.root.close()


async def serve(launch: Launch) -> bool:
    """Run until SIGTERM, SIGINT, or the end of the machine's init; return whether it was that."""
    loop = asyncio.get_running_loop()
    ending, left = asyncio.Event(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    server = WorkspaceServer(launch)

    def leave() -> None:
        left.set()
        ending.set()

    with _watching(launch.spawn_fd, leave):
        await server.start()
        log.info("workspace %s is ready", launch.workspace)
        await ending.wait()
        log.info("workspace %s is stopping", launch.workspace)
        await server.stop()
        return left.is_set()


@contextlib.contextmanager
def _watching(spawn_fd: int, gone: Callable[[], None]) -> Iterator[None]:
    """Call `gone` when the peer of `spawn_fd` is, without reading from it."""
    if spawn_fd < 0 or not hasattr(select, "epoll"):
        yield
        return
    loop = asyncio.get_running_loop()
    with select.epoll() as watch:
        watch.register(spawn_fd, select.EPOLLRDHUP)
        loop.add_reader(watch.fileno(), gone)
        try:
            yield
        finally:
            loop.remove_reader(watch.fileno())
