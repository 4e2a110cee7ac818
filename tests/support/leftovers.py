"""What a run of the tests leaves running: found by the folder for temporary files that is this run's alone."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

ENDED_WITHIN = 30.0
"""Seconds that what was told to end, such as a browser, still has for it."""


def left(folder: Path) -> list[str]:
    """Return the processes (`PID COMMAND`) that have to do with `folder`, once none is or time is up.

    Such a process names the folder on its command line, in its environment, as its directory, or has a file below it
    open, were it deleted meanwhile. This process and those above it do not count. Nothing is found without /proc.
    """
    until = time.monotonic() + ENDED_WITHIN
    while (found := _about(folder)) and time.monotonic() < until:
        time.sleep(0.1)
    return found


def _about(folder: Path) -> list[str]:
    above = set(_ancestors())
    found = []
    for process in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
        with contextlib.suppress(OSError):  # it ended, or is somebody else's
            if int(process.name) not in above and any(os.fspath(folder) in text for text in _texts(process)):
                found.append(f"{process.name} {_command(process)[:200]}")
    return found


def _texts(process: Path) -> Iterator[str]:
    yield _command(process)
    yield (process / "environ").read_text(errors="replace")
    for link in (process / "cwd", *(process / "fd").iterdir()):
        yield os.fspath(link.readlink())


def _command(process: Path) -> str:
    return (process / "cmdline").read_text(errors="replace").replace("\0", " ").strip()


def _ancestors() -> Iterator[int]:
    pid = os.getpid()
    while pid:
        yield pid
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return
        pid = int(stat.rpartition(")")[2].split()[1])
