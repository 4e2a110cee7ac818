"""One person types, fifty see it: CPU of the server for each delivered update, beside the peers.

Measured as fast as the server goes (64 updates undelivered at most) and at a steady 200 a second. The headline is CPU
per delivery: it stands on a noisy machine, where rates and delays do not. Ours is reached through the real gate, with
tickets, access checks, the update log, saving to disk and presence; the peers do none of that (`rooms/servers.py`).

A peer that does not keep up is shown with what it lost, at its CPU for each update that did arrive; ours may lose none.
"""

from __future__ import annotations

import os
from typing import Any

from bench import harness
from bench.rooms.load import Contest
from bench.rooms.servers import everyone

RUNS = int(os.environ.get("RUNS", "3"))
FLOOD_GOAL, STEADY_GOAL = 1.5 * 0.30, 1.5 * 13.8
"""Microseconds: 1.5 times what the prototype needed."""


def measure() -> dict[str, Any]:
    """Run everyone in turn and return the result of the question."""
    with everyone() as servers:
        flood = Contest(servers, RUNS, clients=51, senders=1, messages=6000, rate=0, seconds=5)
        steady = Contest(servers, RUNS, clients=51, senders=1, messages=800, rate=200, seconds=6)
    harness.table(
        ["", "flood µs", "deliveries/s", "200/s µs", "p50 ms", "p99 ms", "flood", "200/s"],
        [
            [
                name,
                flood.median(name, "cpu"),
                f"{flood.median(name, 'rate'):,.0f}",
                *(steady.median(name, what) for what in ("cpu", "p50", "p99")),
                flood.trouble(name),
                steady.trouble(name),
            ]
            for name in servers
        ],
    )
    ours, peers = flood.median("ours", "cpu"), flood.peers("cpu")
    calm = steady.median("ours", "cpu")
    ahead = ours < min(peers.values()) and calm < min(steady.peers("cpu").values())
    return {
        "question": "fanout",
        "ours": ours,
        "peers": peers,
        "ratio": ours / min(peers.values()),
        "goal": f"at most {FLOOD_GOAL:.2f} µs in a flood and {STEADY_GOAL:.1f} µs at 200/s, and ahead of every peer",
        "met": ours <= FLOOD_GOAL and calm <= STEADY_GOAL and ahead,
    }


if __name__ == "__main__":
    harness.finish(measure())
