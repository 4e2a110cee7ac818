"""What people who do nothing cost: memory of the server for each idle connection and for each idle room.

Measured alike for everyone, on fresh servers each time: after a warm-up, clients come in steps of `STEP`, in one run
all into one room ("together"), in another each into a small document of their own ("alone"). After each step nothing
happens for `SETTLE` seconds, in which clients answer pings and nothing else; then private memory is read, which is what
the processes would give back by ending. What a step adds is divided by its clients, and a run's figure is the median
over its steps: what a heap takes at once, for good or not, is no client's share. A connection costs what "together"
adds, a room what "alone" adds beyond it; the median of `RUNS` runs counts. It takes some six minutes.

Before each reading the peers are asked to collect their garbage (`rooms/collect.mjs`, `rooms/pycrdt_server.py`), which
nobody does for them in production: without it a heap's moods are larger than what is measured, and it only helps them.
Ours is read as it runs, and is the sum of the workspace server and of the hub, which keeps a duplicate of every
connection so that it can be revoked.
"""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Any

from bench import harness
from bench.rooms.joining import Joiner, attend
from bench.rooms.servers import BASE, Server, everyone

RUNS = int(os.environ.get("RUNS", "3"))
STEP = int(os.environ.get("STEP", "120"))
STEPS = 5
"""Readings; the first is what the others are measured from."""

SETTLE = 7.5
"""Seconds: more than a document of ours is open before it rests."""

TIDY = 2.0
"""Seconds that the peers have for collecting."""

MOMENT = 0.1
"""Seconds that everybody is listened to after a server's share of a step has come."""

GOAL, ROOM_GOAL = 1.5 * 9.1, 1.5 * 3.4
"""Kilobytes: 1.5 times what the prototype needed."""


def private(server: Server) -> int:
    """Bytes of memory that belong to a server's processes alone."""
    found = 0
    for process in server.pids:
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Private_Dirty:"):
                found += int(line.split()[1]) << 10
    return found


def come(server: Server, index: int, *, alone: bool) -> Joiner:
    """Let a client join everybody's room, or one of its own that holds a letter."""
    room, client = (f"idle-{index}" if alone else "crowd"), BASE + 1 + index
    first = server.plant(room, client) if alone else []
    joiner = Joiner(server, room)
    joiner.join(client)
    joiner.say(first)
    return joiner


def added(*, alone: bool) -> dict[str, list[float]]:
    """Kilobytes that each step added for each of its clients, of everyone, on fresh servers."""
    with everyone() as servers:
        for server in servers.values():
            server.begin("crowd")
            # What a server makes once and keeps, such as compiled code, is none of the clients' share.
            for joiner in [come(server, index, alone=False) for index in range(STEP)]:
                joiner.close()
        everybody: list[Joiner] = []
        read: dict[str, list[int]] = {name: [] for name in servers}
        for step in range(STEPS):
            for server in servers.values():
                everybody += [come(server, step * STEP + index, alone=alone) for index in range(STEP)]
                # Pings are answered meanwhile.
                attend(everybody, MOMENT)
            attend(everybody, SETTLE)
            for server in servers.values():
                server.tidy()
            attend(everybody, TIDY)
            for name, server in servers.items():
                read[name].append(private(server))
        for joiner in everybody:
            joiner.close()
    return {
        name: [(late - early) / STEP / 1000 for early, late in itertools.pairwise(values)]
        for name, values in read.items()
    }


def measure() -> dict[str, Any]:
    """Measure everyone and return the result of the question."""
    together, alone = zip(*((added(alone=False), added(alone=True)) for _ in range(RUNS)), strict=True)
    one: dict[str, float] = {}
    room: dict[str, float] = {}
    rows = []
    for name in together[0]:
        ones = [harness.median(run[name]) for run in together]
        rooms = [harness.median(run[name]) - each for run, each in zip(alone, ones, strict=True)]
        one[name], room[name] = harness.median(ones), harness.median(rooms)
        rows.append([name, one[name], _range(ones), room[name], _range(rooms)])
    harness.table(["", "KB per idle connection", "of each run", "KB per idle room", "of each run"], rows)
    ours, our_room = one.pop("ours"), room.pop("ours")
    return {
        "question": "idle",
        "ours": ours,
        "peers": one,
        "ratio": ours / min(one.values()),
        "goal": f"at most {GOAL:.1f} KB a connection and {ROOM_GOAL:.1f} KB a room, and ahead of every peer on each",
        "met": ours <= GOAL and our_room <= ROOM_GOAL and ours < min(one.values()) and our_room < min(room.values()),
    }


def _range(values: list[float]) -> str:
    return f"{min(values):.1f} – {max(values):.1f}"


if __name__ == "__main__":
    harness.finish(measure())
