"""What people who do nothing cost: resident memory of the server for each idle connection and for each open document.

Connections: four hundred in one room (the gate lets a person have 512). Rooms: a thousand small documents, each open in
somebody's browser; for that the peers need a connection each, and one of ours carries all documents of a tab.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from bench import harness
from bench.rooms import load
from bench.rooms.joining import Joiner
from bench.rooms.servers import BASE, Ours, Server, everyone
from coterie.wire.messages import encode
from coterie.wire.messages.documents import DocumentOpen
from tests.support.raw import RawSocket

CONNECTIONS = int(os.environ.get("CONNECTIONS", "400"))
ROOMS = int(os.environ.get("ROOMS", "1000"))
GOAL = 1.5 * 9.1
ROOM_GOAL = 1.5 * (9.1 + 3.4)
"""Kilobytes: 1.5 times what the prototype needed."""

TEXT = load.typed(BASE, 1)[0]


def grown(server: Server, action: Callable[[], list[Joiner]], count: int) -> tuple[float, list[Joiner]]:
    """Kilobytes that the server's process grows by for each of `count`."""
    before = harness.resident(server.pids[0])
    joiners = action()
    time.sleep(1.0)
    return (harness.resident(server.pids[0]) - before) / count / 1000, joiners


def connections(server: Server) -> list[Joiner]:
    """Open the connections."""
    joiners = [Joiner(server, "crowd") for _ in range(CONNECTIONS)]
    for index, joiner in enumerate(joiners):
        joiner.join(BASE + 100 + index)
    return joiners


def rooms(server: Server) -> list[Joiner]:
    """Open the rooms: of ours in one tab, of the peers over a connection each."""
    if isinstance(server, Ours):
        tab = Joiner(server, "crowd")
        for index in range(ROOMS):
            (server.files / f"idle-{index}.txt").write_text("a")
            tab.say(RawSocket.frame(encode(DocumentOpen(1, f"idle-{index}.txt"))))
            tab.receive()
        return [tab]
    joiners = []
    for index in range(ROOMS):
        joiner = Joiner(server, f"idle-{index}")
        joiner.join(BASE + 1)
        joiner.say(RawSocket.frame(server.edit(f"idle-{index}", 1, TEXT)))
        joiners.append(joiner)
    return joiners


def measure() -> dict[str, Any]:
    """Measure everyone and return the result of the question."""
    each: dict[str, float] = {}
    room: dict[str, float] = {}
    with everyone() as servers:
        for name, server in servers.items():
            server.begin("crowd")
            warm = Joiner(server, "crowd")
            warm.join(BASE)
            each[name], joiners = grown(server, lambda server=server: connections(server), CONNECTIONS)
            room[name], more = grown(server, lambda server=server: rooms(server), ROOMS)
            for joiner in [warm, *joiners, *more]:
                joiner.close()
    harness.table(
        ["", "KB per idle connection", "KB per open document"], [[name, each[name], room[name]] for name in each]
    )
    peers = {name: value for name, value in each.items() if name != "ours"}
    ahead = all(each["ours"] < each[name] and room["ours"] < room[name] for name in peers)
    return {
        "question": "idle",
        "ours": each["ours"],
        "peers": peers,
        "ratio": each["ours"] / min(peers.values()),
        "goal": f"at most {GOAL:.1f} KB a connection and {ROOM_GOAL:.1f} KB an open document, and ahead of every peer",
        "met": each["ours"] <= GOAL and room["ours"] <= ROOM_GOAL and ahead,
    }


if __name__ == "__main__":
    harness.finish(measure())
