"""The small interface that every kind of machine implements, and that one contract suite tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from coterie.wire.launch import TERMINAL_KEEP


class MachineState(StrEnum):
    """What a driver knows of a machine without asking the workspace server."""

    ABSENT = "absent"
    STOPPED = "stopped"
    RUNNING = "running"
    FAILED = "failed"
    """It ran and ended by itself; `MachineStatus.reason` says why."""


@dataclass(frozen=True)
class MachineStatus:
    """The state of a machine, and for FAILED a sentence a person can act on."""

    state: MachineState
    reason: str = ""


@dataclass(frozen=True)
class Limits:
    """What one machine may use. `memory` in bytes, over all of its processes."""

    memory: int = 4 << 30
    processes: int = 512
    open_files: int = 8192


@dataclass(frozen=True)
class MachineSpec:
    """What to start."""

    workspace: str
    """The workspace's identifier."""
    name: str
    hub_key: bytes
    """Raw Ed25519 public key that tickets are signed with."""
    environment: dict[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    terminal_keep: int = TERMINAL_KEEP
    """Bytes of each terminal's last output that the workspace server keeps."""


@dataclass(frozen=True)
class Address:
    """Where the gate reaches a running machine's workspace server."""

    handoff: Path | None
    """SOCK_SEQPACKET Unix socket that takes passed sockets; None where sockets cannot be passed (another host)."""
    http: Path | tuple[str, int]
    """Unix socket or TCP address for HTTP and spliced WebSockets."""


Log = Callable[[str], None]
"""Takes one line for the workspace's log, without a line end."""


class Driver(Protocol):
    """Creates, starts, watches, stops and deletes machines. Every method may be called again after a failure.

    Methods raise `CoterieError(MACHINE_FAILED | SANDBOX_MISSING | DISK_FULL, sentence)` for what a person can act on.
    A driver keeps on disk what it needs to find a running machine again, so that a restarted hub adopts it.
    """

    name: str

    async def prepare(self) -> None:
        """Check that machines can run here, and make once what every `create` needs; call it when the hub starts."""
        ...

    async def create(self, workspace: str) -> Path:
        """Make the machine's place on disk; return the directory into which the workspace's first files are put."""
        ...

    async def start(self, spec: MachineSpec, log: Log) -> Address:
        """Start the machine and return once its workspace server accepts connections; no-op for a running one."""
        ...

    async def poll(self, workspace: str) -> MachineStatus:
        """Return what the machine is doing, cheaply: no request to the workspace server."""
        ...

    async def wait(self, workspace: str) -> MachineStatus:
        """Return when the machine no longer runs."""
        ...

    async def stop(self, workspace: str, grace: float = 5.0) -> None:
        """Ask the workspace server to save and end; kill what is left after `grace` seconds. No-op for a stopped."""
        ...

    async def delete(self, workspace: str) -> None:
        """Stop the machine and remove everything of it from disk. Deleting an absent one is a no-op."""
        ...

    async def address(self, workspace: str) -> Address | None:
        """Return where a running machine is reached, None when it does not run."""
        ...

    async def exec(self, workspace: str, command: list[str], environment: dict[str, str], log: Log) -> int:
        """Run a command as a user process in the running machine, its output to `log`; return its exit code."""
        ...
