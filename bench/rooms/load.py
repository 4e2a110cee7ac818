"""Runs the load generator against servers and returns what it counted."""

from __future__ import annotations

import itertools
import json
import math
import struct
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench import harness
from bench.rooms.servers import BASE, Server, typed

GENERATOR = Path(__file__).parent.parent / "load" / "rooms.c"

WINDOW = 64
"""Undelivered messages of a flood."""

PROTOTYPE = "prototype"
"""Who is run beside the others and is no peer: it leaves out what people rely on, so ours need not be ahead of it."""

_rooms = itertools.count(1)


@dataclass
class Outcome:
    """`cpu`: microseconds of the server's processes for each delivery; `p50` and `p99` in milliseconds."""

    cpu: float
    p50: float
    p99: float
    rate: float
    """Deliveries a second."""
    lost: int
    """Deliveries that did not come, of `wanted`."""
    wanted: int


class Contest:
    """What everyone achieved under one load, run in turn. A peer may lose; ours may not."""

    def __init__(self, servers: Mapping[str, Server], runs: int, **load: int) -> None:
        """`load` as for `run`. Raises RuntimeError when ours loses anything or does not stand it."""
        self._runs = harness.in_turn({name: partial(_try, name, one, load) for name, one in servers.items()}, runs)

    def median(self, name: str, what: str) -> float:
        """The median of one of an `Outcome`'s figures; NaN when there is no outcome."""
        values = [getattr(one, what) for one in self._runs[name] if isinstance(one, Outcome)]
        return harness.median(values) if values else math.nan

    def peers(self, what: str) -> dict[str, float]:
        """The medians of all peers that have one."""
        found = {name: self.median(name, what) for name in self._runs if name not in ("ours", PROTOTYPE)}
        return {name: value for name, value in found.items() if not math.isnan(value)}

    def trouble(self, name: str) -> str:
        """What did not go well, in words, "all delivered" when all was in every run."""
        outcomes = [one for one in self._runs[name] if isinstance(one, Outcome)]
        failures = sorted({one for one in self._runs[name] if isinstance(one, str)})
        lost = sum(one.lost for one in outcomes)
        troubles = []
        if lost:
            troubles.append(f"lost or late {lost:,} of {sum(one.wanted for one in outcomes):,}")
        if failures:
            troubles.append(f"failed in {len(self._runs[name]) - len(outcomes)} runs: {', '.join(failures)}")
        return "; ".join(troubles) or "all delivered"


def _try(name: str, server: Server, load: Mapping[str, int]) -> Outcome | str:
    """The outcome, or why there is none."""
    try:
        outcome = run(server, **load)
    except LoadError as error:
        if name == "ours":
            raise
        return str(error)
    if name == "ours" and outcome.lost:
        raise RuntimeError(f"lost {outcome.lost} of {outcome.wanted} deliveries")
    return outcome


class LoadError(RuntimeError):
    """A server did not stand the load: it let somebody not in, hung up, or stood still before anything was measured."""


def run(server: Server, *, clients: int, senders: int, messages: int, rate: int, seconds: int) -> Outcome:
    """Let the first `senders` of `clients` type `messages` characters altogether in a new room.

    `rate` is messages a second, 0: as many as `WINDOW` undelivered ones allow. After `seconds` nothing more is sent;
    what has not been delivered after as many again is lost. Raises LoadError.
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
        numbers = [server.port, plan.name, rate, WINDOW, messages // 10, seconds, ",".join(map(str, server.pids))]
        # Its own bounds are 20 s for opening, and twice `seconds`.
        done = subprocess.run(
            [generator, *map(str, numbers)], capture_output=True, text=True, check=False, timeout=60 + 2 * seconds
        )
    if done.returncode:
        raise LoadError(done.stderr.strip())
    found = json.loads(done.stdout)
    return Outcome(
        found["cpu"] * 1e6 / max(1, found["delivered"]),
        found["p50"] / 1000,
        found["p99"] / 1000,
        found["delivered"] / found["seconds"],
        found["lost"],
        found["wanted"],
    )


def _items(messages: list[bytes]) -> bytes:
    return struct.pack("<I", len(messages)) + b"".join(struct.pack("<I", len(one)) + one for one in messages)
