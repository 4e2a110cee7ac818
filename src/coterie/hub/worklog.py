"""The log of a workspace: what happened while it was started, line by line, for its people to read."""

from __future__ import annotations

import os
import time
from pathlib import Path

LARGEST = 4 << 20
"""Bytes after which the log is begun anew; the part before is kept once beside it."""

LONGEST_LINE = 4096


class WorkspaceLog:
    """Appends lines to `DATA/workspaces/ID/log/workspace.log`; each starts with the time in UTC."""

    def __init__(self, workspaces: Path, workspace: str) -> None:
        self.path = log_path(workspaces, workspace)

    def __call__(self, line: str) -> None:
        """Add a line. A log that cannot be written (a full disk) is no reason to fail what it tells of."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        text = "".join(f"{stamp} {part[:LONGEST_LINE]}\n" for part in line.splitlines() or [""])
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self.path.exists() and self.path.stat().st_size > LARGEST:
                self.path.replace(self.path.with_suffix(".log.1"))
            with self.path.open("a", encoding="utf-8", errors="replace") as file:
                file.write(text)
        except OSError:
            return


def log_path(workspaces: Path, workspace: str) -> Path:
    """Where a workspace's log is."""
    return workspaces / workspace / "log" / "workspace.log"


def read_log(workspaces: Path, workspace: str, after: int, most: int) -> tuple[bytes, int]:
    """Return at most `most` bytes of the log from offset `after` on, and the offset to ask for next.

    An offset past the end means that the log was begun anew: it is read from its start.
    """
    try:
        # The directory is the hub's own, but what a machine could have put there must not be followed.
        descriptor = os.open(log_path(workspaces, workspace), os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return b"", 0
    with os.fdopen(descriptor, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        start = after if 0 <= after <= size else 0
        file.seek(start)
        data = file.read(most)
    return data, start + len(data)
