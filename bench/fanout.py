"""One person types, fifty see it: CPU of the server for each delivered update, beside the peers.

Measured as fast as the server goes (64 updates undelivered at most) and at a steady 200 a second. The headline is CPU
per delivery: it stands on a noisy machine, where rates and delays do not. Ours is reached through the real gate, with
tickets, access checks, the update log, saving to disk and presence; the peers do none of that (`rooms/servers.py`).

The prototype that the design was measured with runs beside them (`rooms/prototype_server.py`): where it needs more than
it did then, the machine is slower just now, and so much more is allowed to ours.

A peer that does not keep up is shown with what it lost, at its CPU for each update that did arrive; ours may lose none.
"""

from __future__ import annotations

import os
from typing import Any

from bench import harness
from bench.rooms.load import PROTOTYPE, Contest
from bench.rooms.servers import everyone, prototype

RUNS = int(os.environ.get("RUNS", "5"))
MOST = 1.5
"""Times what the prototype needs, for all that it leaves out."""

THEN = (0.30, 13.8)
"""Microseconds a delivery that the prototype needed when the design was measured: in a flood, and at 200/s."""


def measure() -> dict[str, Any]:
    """Run everyone in turn and return the result of the question."""
    with everyone() as others, prototype() as relay:
        servers = {**others, PROTOTYPE: relay}
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
    beside = [contest.median(PROTOTYPE, "cpu") for contest in (flood, steady)]
    bounds = [MOST * max(pair) for pair in zip(THEN, beside, strict=True)]
    ahead = ours < min(peers.values()) and calm < min(steady.peers("cpu").values())
    return {
        "question": "fanout",
        "ours": ours,
        "peers": peers,
        "ratio": ours / min(peers.values()),
        "steady": calm,
        "goal": f"at most {MOST} times the prototype: {bounds[0]:.2f} µs in a flood and {bounds[1]:.1f} µs at 200/s; "
        "ahead of every peer",
        "met": ours <= bounds[0] and calm <= bounds[1] and ahead,
    }


if __name__ == "__main__":
    harness.finish(measure())
