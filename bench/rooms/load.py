"""Runs the load generator against one server and returns what it counted."""

from __future__ import annotations

import itertools
import json
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench import harness
from bench.rooms.servers import BASE, Server
from coterie.workspace.documents.update import number

GENERATOR = Path(__file__).parent.parent / "load" / "rooms.c"

_rooms = itertools.count(1)


@dataclass
class Outcome:
    """`cpu`: microseconds of the server's processes for each delivery; `p50` and `p99` in milliseconds."""

    cpu: float
    p50: float
    p99: float
    rate: float
    """Deliveries a second."""


def typed(client: int, count: int) -> list[bytes]:
    """The updates of somebody who types `count` characters one after the other."""
    name = number(client)
    first = b"\1\1" + name + b"\0\4\1\4text\1a\0"
    return [first] + [
        b"\1\1" + name + number(clock) + b"\x84" + name + number(clock - 1) + b"\1" + bytes((97 + clock % 26,)) + b"\0"
        for clock in range(1, count)
    ]


def run(server: Server, *, clients: int, senders: int, messages: int, rate: int, window: int = 64) -> Outcome:
    """Let the first `senders` of `clients` type `messages` characters altogether in a new room.

    `rate` is messages a second, 0: as many as `window` undelivered ones allow. Raises RuntimeError when any is lost.
    """
    room = f"room-{next(_rooms)}"
    server.begin(room)
    parts = [struct.pack("<I", clients)]
    for index in range(clients):
        head = server.head(room)
        parts.append(struct.pack("<I", len(head)) + head)
        updates = typed(BASE + index, messages // senders) if index < senders else []
        edits = [server.edit(room, sequence, update) for sequence, update in enumerate(updates, 1)]
        parts += [_items(server.opening(room, BASE + index)), _items(edits)]
    generator = harness.compile_c(GENERATOR)
    if generator is None:
        raise RuntimeError("the load generator needs a C compiler (cc)")
    with tempfile.NamedTemporaryFile() as plan:
        plan.write(b"".join(parts))
        plan.flush()
        pids = ",".join(map(str, server.pids))
        command = [str(generator), str(server.port), plan.name, str(rate), str(window), str(messages // 10), pids]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    found = json.loads(done.stdout)
    if found["delivered"] < found["wanted"]:
        raise RuntimeError(f"lost: {found}")
    return Outcome(
        found["cpu"] * 1e6 / found["wanted"],
        found["p50"] / 1000,
        found["p99"] / 1000,
        found["wanted"] / found["seconds"],
    )


def _items(messages: list[bytes]) -> bytes:
    return struct.pack("<I", len(messages)) + b"".join(struct.pack("<I", len(one)) + one for one in messages)
