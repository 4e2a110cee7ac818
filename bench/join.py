"""Opening a document with a history of 260,000 edits: how long one person waits, and fifty who come at once.

Timed from the request on an open connection to the last byte of the document. A browser tab of ours opens its one
connection once, for all documents; the time for that is not counted for anybody.
"""

from __future__ import annotations

import os
import time
from functools import partial
from typing import Any

from bench import harness
from bench.rooms.joining import Joiner, long_history
from bench.rooms.servers import BASE, Server, everyone

RUNS = int(os.environ.get("RUNS", "15"))
TOGETHER = 50
GOAL = 1.5 * 0.8
TOGETHER_GOAL = 1.5 * 37
"""Milliseconds: 1.5 times what the prototype needed."""

ROOM = "long"


def prepare(server: Server, update: bytes) -> Joiner:
    """Bring the document into a room and stay there."""
    server.begin(ROOM)
    joiner = Joiner(server, ROOM)
    joiner.join(BASE)
    joiner.say([server.edit(ROOM, 1, update)])
    late = Joiner(server, ROOM)
    late.join(BASE + 1)
    late.close()
    return joiner


def one(server: Server) -> float:
    """Milliseconds that one person waits."""
    joiner = Joiner(server, ROOM)
    waited = joiner.join(BASE + 2)
    joiner.close()
    return waited * 1000


def together(server: Server) -> float:
    """Milliseconds until fifty people, who ask at once, have it all."""
    joiners = [Joiner(server, ROOM) for _ in range(TOGETHER)]
    began = time.perf_counter()
    for index, joiner in enumerate(joiners):
        joiner.ask(BASE + 3 + index)
    for joiner in joiners:
        joiner.receive()
    took = time.perf_counter() - began
    for joiner in joiners:
        joiner.close()
    return took * 1000


def measure() -> dict[str, Any]:
    """Run everyone in turn and return the result of the question."""
    update = long_history()
    with everyone() as servers:
        staying = [prepare(server, update) for server in servers.values()]
        single = harness.in_turn({name: partial(one, s) for name, s in servers.items()}, RUNS)
        fifty = harness.in_turn({name: partial(together, s) for name, s in servers.items()}, 3)
        for joiner in staying:
            joiner.close()
    found = {name: harness.median(times) for name, times in single.items()}
    at_once = {name: harness.median(times) for name, times in fifty.items()}
    harness.table(
        ["", "one, median ms", "one, worst ms", "fifty at once ms"],
        [[name, found[name], max(single[name]), at_once[name]] for name in found],
    )
    peers = {name: value for name, value in found.items() if name != "ours"}
    ahead = all(found["ours"] < found[name] and at_once["ours"] < at_once[name] for name in peers)
    return {
        "question": "join",
        "ours": found["ours"],
        "peers": peers,
        "ratio": found["ours"] / min(peers.values()),
        "goal": f"at most {GOAL:.1f} ms alone and {TOGETHER_GOAL:.0f} ms for {TOGETHER}, and ahead of every peer",
        "met": found["ours"] <= GOAL and at_once["ours"] <= TOGETHER_GOAL and ahead,
    }


if __name__ == "__main__":
    harness.finish(measure())
