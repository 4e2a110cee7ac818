"""Which driver an operator's choice means."""

from __future__ import annotations

from pathlib import Path

from coterie.hub.machines.driver import Driver
from coterie.hub.machines.process import ProcessDriver
from coterie.hub.machines.sandbox.driver import SandboxDriver
from coterie.hub.machines.sandbox.uplink import Network


def make_driver(name: str, data: Path, *, network: Network = "auto") -> Driver:
    """Return the driver called `name` (`sandbox` or `process`) with its machines below `data`; raises ValueError."""
    if name == "sandbox":
        return SandboxDriver(data, network)
    if name == "process":
        return ProcessDriver(data)
    raise ValueError(f"there is no machine driver called {name!r}")
