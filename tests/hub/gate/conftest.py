"""A real hub with unisolated machines, two people, and a workspace of the first that the second is a member of."""

from __future__ import annotations

import socket
import struct
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from coterie.wire.launch import HANDOFF_SOCKET
from tests.support.hub import BY_NEWS_ALONE, Account, RunningHub


@dataclass
class Scene:
    """A hub and who is there."""

    hub: RunningHub
    ada: Account
    bob: Account
    workspace: str

    @property
    def server(self) -> int:
        """The process number of the workspace server."""
        path = self.hub.data / "workspaces" / self.workspace / "run" / HANDOFF_SOCKET
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as asking:
            asking.connect(str(path))
            credentials = asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        process: int = struct.unpack("iII", credentials)[0]
        return process

    def add_bob(self) -> None:
        """Make the second person a member, as they are in the beginning."""
        members = [member["user"]["id"] for member in self.ada.get(f"/workspaces/{self.workspace}/members")]
        if self.bob.get("/me")["id"] not in members:
            self.ada.post(f"/workspaces/{self.workspace}/members", {"username": "bob"})

    def remove_bob(self) -> None:
        """Take the second person's membership away."""
        user = self.bob.get("/me")["id"]
        self.ada.http.delete(f"/api/v1/workspaces/{self.workspace}/members/{user}").raise_for_status()


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    # Unix socket paths are at most 107 bytes: a short folder of our own instead of pytest's.
    with tempfile.TemporaryDirectory(prefix="cot-") as folder:
        hub = RunningHub(Path(folder), {"COTERIE_DRIVER": "process"})
        hub.prelude = BY_NEWS_ALONE
        try:
            hub.start()
            ada = hub.set_up()
            bob = ada.invite("bob", "Bob")
            workspace = ada.post("/workspaces", {"name": "shared", "source": {"kind": "blank"}})["id"]
            scene = Scene(hub, ada, bob, workspace)
            ada.until(workspace, "running")
            scene.add_bob()
            yield scene
        finally:
            hub.close()
