"""What people who do nothing cost: memory of the server for each idle connection and for each idle room.

Measured alike for everyone, on fresh servers each time: after a warm-up, clients come in steps of `STEP`, in one run
all into one room ("together"), in another each into a small document of their own ("alone"). After each step nothing
happens for `SETTLE` seconds, in which clients answer pings and nothing else; then private memory is read, which is what
the processes would give back by ending. The median of `RUNS` runs counts. It takes some six minutes.

A connection costs what "together" adds for each client as the servers run: that is what an operator pays. A room costs
what "alone" adds beyond "together". As it runs, that is the difference of two heaps whose moods are larger than the
rooms; so for rooms the peers are asked to collect their garbage before each reading (`rooms/collect.mjs`,
`rooms/pycrdt_server.py`), and the median of the steps is taken. Nobody does that for them in production, and it helps
them alone: ours is read as it runs both times, and is the sum of the workspace server and of the hub, which keeps a
duplicate of every connection so that it can be revoked. The peers' connections after collecting are shown beside.
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
STEPS = 4
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


def added(*, alone: bool, collected: bool) -> dict[str, float]:
    """Kilobytes that each client added, of everyone, on fresh servers."""
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
            if collected:
                for server in servers.values():
                    server.tidy()
                attend(everybody, TIDY)
            for name, server in servers.items():
                read[name].append(private(server))
        for joiner in everybody:
            joiner.close()
    steps = {name: [late - early for early, late in itertools.pairwise(values)] for name, values in read.items()}
    return {name: (harness.median(of) if collected else sum(of) / len(of)) / STEP / 1000 for name, of in steps.items()}


def measure() -> dict[str, Any]:
    """Measure everyone and return the result of the question."""
    running, together, alone = zip(
        *(
            (added(alone=False, collected=False), added(alone=False, collected=True), added(alone=True, collected=True))
            for _ in range(RUNS)
        ),
        strict=True,
    )
    connections = {name: [run[name] for run in running] for name in running[0]}
    least = {name: [run[name] for run in together] for name in running[0]}
    rooms = {name: [own[name] - one[name] for own, one in zip(alone, together, strict=True)] for name in running[0]}
    harness.table(
        ["", "KB per idle connection", "after collecting", "KB per idle room"],
        [[name, *(_shown(of[name]) for of in (connections, least, rooms))] for name in connections],
    )
    one = {name: harness.median(of) for name, of in connections.items()}
    room = {name: harness.median(of) for name, of in rooms.items()}
    ours, our_room = one.pop("ours"), room.pop("ours")
    return {
        "question": "idle",
        "ours": {"connection": ours, "room": our_room},
        "peers": {name: {"connection": one[name], "room": room[name]} for name in one},
        "ratio": ours / min(one.values()),
        "goal": f"at most {GOAL:.1f} KB a connection and {ROOM_GOAL:.1f} KB a room, and ahead of every peer on each",
        "met": ours <= GOAL and our_room <= ROOM_GOAL and ours < min(one.values()) and our_room < min(room.values()),
    }


def _shown(values: list[float]) -> str:
    return f"{harness.median(values):.1f} ({min(values):.1f} – {max(values):.1f})"


if __name__ == "__main__":
    harness.finish(measure())
