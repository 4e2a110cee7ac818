"""Limits over all processes of a machine: control groups where the hub may make them, else resource limits for each."""

from __future__ import annotations

import contextlib
import logging
import os
from pathlib import Path

from coterie.hub.machines.driver import Limits

logger = logging.getLogger(__name__)

_OVERHEAD = 8
"""Processes that belong to the sandbox itself and count in its group."""


class Groups:
    """Makes a control group for each machine: version 1 hierarchies, or a version 2 subtree that is delegated to us."""

    def __init__(self, mounts: Path = Path("/sys/fs/cgroup"), membership: Path = Path("/proc/self/cgroup")) -> None:
        self._parents = _parents(mounts, membership)
        self.memory = "memory" in self._parents
        """Whether memory is limited over all of a machine's processes."""

    @property
    def words(self) -> str:
        """For the log."""
        if not self._parents:
            return "No control group is delegated to the hub: memory is limited for each process, not for a machine."
        return f"Machines are limited by control groups ({', '.join(sorted(self._parents))})."

    def join(self, workspace: str, limits: Limits) -> list[int]:
        """Make the machine's groups; return the descriptors through which a process joins them."""
        descriptors = []
        for directory in {parent / workspace for parent in self._parents.values()}:
            directory.mkdir(exist_ok=True)
            for name, value in (
                ("memory.max", limits.memory),
                ("memory.swap.max", 0),
                ("memory.limit_in_bytes", limits.memory),
                ("memory.memsw.limit_in_bytes", limits.memory),
                ("pids.max", limits.processes + _OVERHEAD),
            ):
                if (directory / name).exists():
                    (directory / name).write_text(str(value))
            descriptors.append(os.open(directory / "cgroup.procs", os.O_WRONLY))
        return descriptors

    def remove(self, workspace: str) -> None:
        """Remove the machine's groups, once it has ended."""
        for directory in {parent / workspace for parent in self._parents.values()}:
            with contextlib.suppress(OSError):
                directory.rmdir()


def _parents(mounts: Path, membership: Path) -> dict[str, Path]:
    """Return the directories below which machines' groups are made, by controller."""
    try:
        own = dict(line.split(":", 2)[1:] for line in membership.read_text().splitlines())
    except FileNotFoundError:
        return {}
    if (mounts / "cgroup.controllers").exists():
        return _unified(mounts / own.get("", "/").lstrip("/"))
    found = {}
    for controller in ("memory", "pids", "cpu"):
        parent = mounts / controller / own.get(controller, "/").lstrip("/")
        with contextlib.suppress(OSError):
            (parent / "coterie").mkdir(exist_ok=True)
            if os.access(parent / "coterie" / "cgroup.procs", os.W_OK):
                found[controller] = parent / "coterie"
    return found


def _unified(own: Path) -> dict[str, Path]:
    """Version 2: a group with processes has no limited children, so the hub moves into a child of its own first."""
    if own.name == "hub":
        own = own.parent
    try:
        available = (own / "cgroup.controllers").read_text().split()
        wanted = [controller for controller in ("memory", "pids", "cpu") if controller in available]
        (own / "hub").mkdir(exist_ok=True)
        for pid in (own / "cgroup.procs").read_text().split():
            with contextlib.suppress(ProcessLookupError):
                (own / "hub" / "cgroup.procs").write_text(pid)
        (own / "cgroup.subtree_control").write_text(" ".join(f"+{controller}" for controller in wanted))
        (own / "machines").mkdir(exist_ok=True)
        (own / "machines" / "cgroup.subtree_control").write_text(" ".join(f"+{controller}" for controller in wanted))
    except OSError:
        return {}
    return dict.fromkeys(wanted, own / "machines")
