"""Where one workspace's things are on disk."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from coterie.wire.ids import is_id
from coterie.wire.launch import HANDOFF_SOCKET, HTTP_SOCKET

EXEC_SOCKET = "exec.sock"
"""In the run directory: the init's, through which the hub runs commands."""

_LONGEST_SOCKET = 107
"""Bytes of a Unix socket's path (sun_path less its terminator)."""


@dataclass(frozen=True)
class Place:
    """The directory of one workspace, and what is in it."""

    root: Path

    @property
    def files(self) -> Path:
        """What the file tree shows; `/workspace` in the machine."""
        return self.root / "files"

    @property
    def home(self) -> Path:
        """The user's home directory."""
        return self.root / "home"

    @property
    def state(self) -> Path:
        """The workspace server's own; users' processes do not see it."""
        return self.root / "state"

    @property
    def run(self) -> Path:
        """The sockets of a running machine."""
        return self.root / "run"

    @property
    def log(self) -> Path:
        """What the workspace server wrote to its standard error, in `machine.log`."""
        return self.root / "log"

    @property
    def record(self) -> Path:
        """What the keeper noted of the running machine; the machine cannot write it."""
        return self.root / "machine.jsonl"

    @property
    def handoff(self) -> Path:
        """The socket to which the gate passes connections."""
        return self.run / HANDOFF_SOCKET

    @property
    def http(self) -> Path:
        """The socket that speaks HTTP."""
        return self.run / HTTP_SOCKET

    @property
    def exec(self) -> Path:
        """The socket of the machine's init."""
        return self.run / EXEC_SOCKET

    @property
    def directories(self) -> tuple[Path, ...]:
        """What the machine writes into."""
        return (self.files, self.home, self.state, self.run)


class Places:
    """The places of all workspaces, below one directory."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __getitem__(self, workspace: str) -> Place:
        """Return a workspace's place, whether it exists or not; raises ValueError for what is not an identifier."""
        if not is_id(workspace):
            raise ValueError(f"not an identifier: {workspace!r}")
        return Place(self.root / workspace)

    def all(self) -> list[Place]:
        """Return those that exist."""
        return [Place(path) for path in self.root.iterdir() if is_id(path.name)] if self.root.is_dir() else []

    @property
    def too_long(self) -> bool:
        """Whether sockets cannot be made here because their paths would be too long for the system."""
        return len(os.fsencode(self.root / ("x" * 16) / "run" / HANDOFF_SOCKET)) > _LONGEST_SOCKET


def is_socket(path: Path) -> bool:
    """Whether a socket itself, not a symbolic link to one, is at `path`."""
    try:
        return stat.S_ISSOCK(path.lstat().st_mode)
    except OSError:
        return False
