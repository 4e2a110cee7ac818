"""What people who do nothing cost: memory of the server for each idle connection and for each idle room.

Measured alike for everyone: after a warm-up, `CONNECTIONS` clients join one room; then as many each join a small
document of their own. What the second step grows by beyond the first is the rooms' share. Everything has been idle for
`SETTLE` seconds whenever memory is read; private memory alone counts, which is what the process gives up by ending.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from bench import harness
from bench.rooms import load
from bench.rooms.joining import Joiner
from bench.rooms.servers import BASE, Ours, Server, everyone
from tests.support.raw import RawSocket

CONNECTIONS = int(os.environ.get("CONNECTIONS", "230"))
WARM = 20
"""Clients of either kind before anything is measured. All of them together are as many as one person may have."""

SETTLE = 8.0
GOAL, ROOM_GOAL = 1.5 * 9.1, 1.5 * 3.4
"""Kilobytes: 1.5 times what the prototype needed."""

TEXT = load.typed(BASE, 1)[0]


def private(process: int) -> int:
    """Bytes of memory that belong to a process alone, after it has been idle."""
    time.sleep(SETTLE)
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith("Private_Dirty:"):
            return int(line.split()[1]) << 10
    raise RuntimeError("the system does not tell what memory is private")


def crowd(server: Server, count: int, first: int) -> list[Joiner]:
    """Let so many clients join one room."""
    joiners = [Joiner(server, "crowd") for _ in range(count)]
    for index, joiner in enumerate(joiners):
        joiner.join(BASE + first + index)
    return joiners


def alone(server: Server, names: range) -> list[Joiner]:
    """Let a client each join rooms of one letter."""
    joiners = []
    for index in names:
        name = f"idle-{index}"
        if isinstance(server, Ours):
            (server.files / f"{name}.txt").write_text("a")
        joiner = Joiner(server, name)
        joiner.join(BASE + 1)
        if not isinstance(server, Ours):
            joiner.say(RawSocket.frame(server.edit(name, 1, TEXT)))
        joiners.append(joiner)
    return joiners


def kilobytes(server: Server) -> tuple[float, float]:
    """For each idle connection, and for each idle room beyond its connection."""
    server.begin("crowd")
    joiners = crowd(server, WARM, 100)
    before = private(server.pids[0])
    joiners += crowd(server, CONNECTIONS, 200)
    one = (private(server.pids[0]) - before) / CONNECTIONS / 1000
    joiners += alone(server, range(WARM))
    before = private(server.pids[0])
    joiners += alone(server, range(WARM, WARM + CONNECTIONS))
    both = (private(server.pids[0]) - before) / CONNECTIONS / 1000
    for joiner in joiners:
        joiner.close()
    return one, both - one


def measure() -> dict[str, Any]:
    """Measure everyone and return the result of the question."""
    with everyone() as servers:
        found = {name: kilobytes(server) for name, server in servers.items()}
    harness.table(
        ["", "KB per idle connection", "KB per idle room", "KB for two connections and a room"],
        [[name, one, room, 2 * one + room] for name, (one, room) in found.items()],
    )
    one, room = found.pop("ours")
    # A heap that took much in the first step takes less in the second, for some less than nothing: the sum tells.
    ahead = all(one < theirs and 2 * one + room < 2 * theirs + beyond for theirs, beyond in found.values())
    return {
        "question": "idle",
        "ours": one,
        "peers": {name: value[0] for name, value in found.items()},
        "ratio": one / min(value[0] for value in found.values()),
        "goal": f"at most {GOAL:.1f} KB a connection and {ROOM_GOAL:.1f} KB a room, and ahead of every peer in a "
        "connection and in all that both steps took",
        "met": one <= GOAL and room <= ROOM_GOAL and ahead,
    }


if __name__ == "__main__":
    harness.finish(measure())
