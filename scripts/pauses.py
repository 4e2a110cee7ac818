"""Runs tests while their processes are stopped at random for moments: what counts on their pace fails."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from coterie.machine.kernel import adopt_orphans

_LONGEST = (0.02, 0.1, 0.3, 1.5)
"""Seconds that a pause takes at most, one of these at random: mostly short, at times as long as a busy machine's."""

_AT_ONCE = 2
"""Processes that are stopped at the same time."""

_EVERY = 0.08
"""Seconds between two pauses' beginnings, on average."""

_REST = 3.0
"""How many times as long as its last pause a process runs at least."""

_SHELLS = {"bash", "dash", "fish", "make", "sh", "zsh"}
"""They take a child that is stopped for a job that somebody put aside, and say so."""


class Process(NamedTuple):
    """One of the processes of the tests."""

    number: int
    parent: int
    name: str


def main(arguments: list[str]) -> int:
    """Run pytest with these arguments; return its exit code. The pauses are other ones each time."""
    print(f"── pauses of up to {_LONGEST[-1]} s", flush=True)
    # No seed: what runs at which moment could not be had again with it.
    chance = random.SystemRandom()
    # Machines outlive who started them: here they are found all the same.
    adopt_orphans()
    tests = os.posix_spawn(sys.executable, [sys.executable, "-m", "pytest", *arguments], os.environ)
    until: dict[int, float] = {}
    rested: dict[int, float] = {}
    made = 0
    try:
        while (code := _ended(tests)) is None:
            now = time.monotonic()
            for number in [number for number, end in until.items() if end <= now]:
                _send(number, signal.SIGCONT)
                del until[number]
            one = _chosen(chance, tests) if len(until) < _AT_ONCE else None
            if one is not None and rested.get(one, 0.0) <= now:
                _send(one, signal.SIGSTOP)
                pause = chance.choice(_LONGEST) * chance.random()
                until[one], rested[one] = now + pause, now + pause * (1 + _REST)
                made += 1
            # Nothing tells when the next pause is to begin; one that is over lasts until here.
            time.sleep(chance.random() * 2 * _EVERY)
    finally:
        for number in until:
            _send(number, signal.SIGCONT)
    print(f"── {made} pauses")
    return code


def _ended(tests: int) -> int | None:
    """The exit code of the tests once they ended. Reaps what outlived its parents."""
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            if ended[0] == tests:
                return os.waitstatus_to_exitcode(ended[1])
    return None


def _chosen(chance: random.SystemRandom, tests: int) -> int | None:
    """A process to stop; of each kind as often, however many there are of it."""
    processes = {one.number: one for one in _processes()}
    ours: dict[str, list[int]] = defaultdict(list)
    for one in processes.values():
        above = processes.get(one.parent)
        if above is None or one.number == tests or above.name in _SHELLS:
            continue
        while above is not None and above.number != os.getpid():
            above = processes.get(above.parent)
        if above is not None:
            ours[one.name[:6]].append(one.number)
    return chance.choice(ours[chance.choice(sorted(ours))]) if ours else None


def _processes() -> list[Process]:
    """All of this system."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with suppress(OSError):
            before, _, after = (folder / "stat").read_text(errors="replace").rpartition(")")
            found.append(Process(int(folder.name), int(after.split()[1]), before.partition("(")[2]))
    return found


def _send(number: int, what: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(number, what)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
