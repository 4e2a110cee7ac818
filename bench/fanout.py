"""One person types, fifty see it: CPU of the server for each delivered update, beside the peers.

Measured as fast as the server goes (64 updates undelivered at most) and at a steady 200 a second. Ours is reached
through the real gate, with tickets, access checks, the update log and saving to disk; the peers do none of that.
"""

from __future__ import annotations

import os
from functools import partial
from typing import Any

from bench import harness
from bench.rooms import load
from bench.rooms.servers import everyone

RUNS = int(os.environ.get("RUNS", "3"))
FLOOD_GOAL, STEADY_GOAL = 1.5 * 0.30, 1.5 * 13.8
"""Microseconds: 1.5 times what the prototype needed."""


def measure() -> dict[str, Any]:
    """Run everyone in turn and return the result of the question."""
    with everyone() as servers:
        rows = []
        floods: dict[str, float] = {}
        steadies: dict[str, float] = {}
        flood = harness.in_turn(
            {
                name: partial(load.run, one, clients=51, senders=1, messages=6000, rate=0)
                for name, one in servers.items()
            },
            RUNS,
        )
        steady = harness.in_turn(
            {
                name: partial(load.run, one, clients=51, senders=1, messages=600, rate=200)
                for name, one in servers.items()
            },
            RUNS,
        )
        for name in servers:
            floods[name] = harness.median(one.cpu for one in flood[name])
            steadies[name] = harness.median(one.cpu for one in steady[name])
            rate = harness.median(one.rate for one in flood[name])
            p50, p99 = (harness.median(getattr(one, key) for one in steady[name]) for key in ("p50", "p99"))
            rows.append([name, floods[name], f"{rate:,.0f}", steadies[name], p50, p99])
    harness.table(["", "flood µs", "deliveries/s", "200/s µs", "p50 ms", "p99 ms"], rows)
    peers = {name: value for name, value in floods.items() if name != "ours"}
    ahead = all(
        floods["ours"] < floods[name] and steadies["ours"] < steadies[name] for name in floods if name != "ours"
    )
    return {
        "question": "fanout",
        "ours": floods["ours"],
        "peers": peers,
        "ratio": floods["ours"] / min(peers.values()),
        "goal": f"at most {FLOOD_GOAL:.2f} µs in a flood and {STEADY_GOAL:.1f} µs at 200/s, and ahead of every peer",
        "met": floods["ours"] <= FLOOD_GOAL and steadies["ours"] <= STEADY_GOAL and ahead,
    }


if __name__ == "__main__":
    harness.finish(measure())
