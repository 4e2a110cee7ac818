"""The `process` driver: workspaces as plain processes of the hub's user, without any isolation."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from coterie.hub.machines.driver import MachineSpec
from coterie.hub.machines.local import LocalDriver
from coterie.hub.machines.places import Place
from coterie.machine.keeper import Orders

logger = logging.getLogger(__name__)


class ProcessDriver(LocalDriver):
    """Runs everything as the hub's own user: whoever may open a terminal has all that the hub has."""

    name = "process"

    def __init__(self, data: Path) -> None:
        super().__init__(data)
        logger.warning(
            "NO ISOLATION: the process driver runs everyone's programs as this user, with access to all of this user's "
            "files and to the hub itself. Use it only among people who trust each other completely."
        )

    def home(self, place: Place) -> str:
        """The home directory's own path."""
        return os.fspath(place.home)

    def orders(self, spec: MachineSpec, place: Place, record: int, ready: int, listener: int) -> Orders:
        """Start both programs as they are."""
        return Orders(
            record=record,
            stage="",
            sources=[],
            user=-1,
            network=False,
            uplink=[],
            server=self.server(spec, self.launch(spec, place), ready),
            init=self.init(spec, self.home(place), listener),
        )
