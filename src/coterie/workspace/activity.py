"""Whether people wait for answers just now: work that keeps the event loop long is then done in smaller pieces."""

from __future__ import annotations

import time

RECENT = 0.25
"""Seconds after somebody's last message within which the next one is expected: a slow typist's pause between keys."""


class Activity:
    """When somebody last said anything but that they got something."""

    def __init__(self) -> None:
        self._last = float("-inf")

    def note(self) -> None:
        """Somebody did something."""
        self._last = time.monotonic()

    def recent(self) -> bool:
        """Whether somebody is doing something."""
        return time.monotonic() - self._last < RECENT
