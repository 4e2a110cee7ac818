"""What a keeper noted of its machine: how a restarted hub finds running machines, and why others ended."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coterie.hub.machines.driver import MachineState, MachineStatus
from coterie.hub.machines.processes import HostProcess

_WORDS = {
    "server": "The workspace server ended unexpectedly ({how}). What was typed is saved.",
    "init": "The machine's process control ended unexpectedly ({how}).",
    "keeper": "The machine could not be put together. Its log says more.",
}


@dataclass
class Record:
    """The events of one machine's life, oldest first."""

    events: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> Record | None:
        """Return what is noted at `path`, None when no machine was started or it was stopped."""
        try:
            lines = path.read_text().splitlines(keepends=True)
        except FileNotFoundError:
            return None
        return cls([json.loads(line) for line in lines if line.endswith("\n")])

    @property
    def processes(self) -> list[HostProcess]:
        """The machine's own processes that are alive, its keeper first."""
        return [process for process in self.named.values() if process.alive]

    @property
    def named(self) -> dict[str, HostProcess]:
        """The machine's own processes, alive or not: `keeper`, `server`, `init`, and `uplink` where it has one."""
        started = [event for event in self.events if "process" in event]
        return {event["process"]: HostProcess(event["pid"], event["began"]) for event in started}

    @property
    def status(self) -> MachineStatus:
        """RUNNING while the keeper is alive, afterwards FAILED: a stopped machine has no record."""
        keeper = self.named.get("keeper")
        if keeper is not None and keeper.alive:
            return MachineStatus(MachineState.RUNNING)
        ended = next((event for event in self.events if "ended" in event), None)
        if ended is None:
            reason = "The machine was ended from outside, or the system ran out of memory."
        else:
            reason = _WORDS[ended["ended"]].format(how=_how(ended["code"]))
        return MachineStatus(MachineState.FAILED, reason)

    @property
    def why(self) -> str:
        """The detail of a failed keeper, for the log."""
        return next((event["why"] for event in self.events if "why" in event), "")


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
