"""Which driver an operator's choice means."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from coterie.hub.machines.driver import Driver
from coterie.hub.machines.sandbox.uplink import Network


class DriverSettings(Protocol):
    """What of the hub's settings concerns drivers."""

    @property
    def driver(self) -> str:
        """The driver's name."""
        ...

    @property
    def data(self) -> Path:
        """Directory of everything the hub keeps."""
        ...

    @property
    def sandbox_network(self) -> Network:
        """Outbound network of sandboxes."""
        ...


def make_driver(settings: DriverSettings) -> Driver:
    """Return the driver that `settings` name (`sandbox` or `process`); raises ValueError for another name."""
    if settings.driver == "sandbox":
        from coterie.hub.machines.sandbox.driver import SandboxDriver  # noqa: PLC0415 only what is used

        return SandboxDriver(settings.data, settings.sandbox_network)
    if settings.driver == "process":
        from coterie.hub.machines.process import ProcessDriver  # noqa: PLC0415

        return ProcessDriver(settings.data)
    raise ValueError(f"there is no machine driver called {settings.driver!r}")
