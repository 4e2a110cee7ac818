"""Slowing down whoever guesses: failures are counted per key over a window, in bounded memory."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable

from coterie.wire.errors import CoterieError, ErrorCode

MOST_KEYS = 20_000

FIRST_DELAY = 0.5
LONGEST_DELAY = 8.0
"""Seconds that a try is held back: at first, and at most. Whoever knows the password waits no longer than that."""


class Throttle:
    """Counts tries per key. A try is counted before it is made and taken back when it succeeds, so that many at once
    are no way around it. When memory is full, the key untouched for longest is forgotten.
    """

    def __init__(self, window: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._window = window
        self._clock = clock
        self._tries: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def count(self, key: str, limit: int) -> None:
        """Count one try. Raises CoterieError(TOO_FAST) when `limit` of them failed within the window."""
        began, tries = self._window_of(key)
        if tries >= limit:
            minutes = max(1, round((began + self._window - self._clock()) / 60))
            raise CoterieError(
                ErrorCode.TOO_FAST,
                f"Too many tries. Wait {minutes} minute{'s' if minutes > 1 else ''} and try again.",
                key,
            )
        self._set(key, began, tries + 1)

    def delay(self, key: str, free: int) -> float:
        """Count one try; return the seconds to hold it back: none for the first `free` within the window, then ever
        more. Unlike `count` it never refuses, so that nobody can shut others out by failing in their name.
        """
        began, tries = self._window_of(key)
        self._set(key, began, tries + 1)
        return 0.0 if tries < free else min(FIRST_DELAY * 2.0 ** min(tries - free, 10), LONGEST_DELAY)

    def _window_of(self, key: str) -> tuple[float, int]:
        now = self._clock()
        began, tries = self._tries.get(key, (now, 0))
        return (now, 0) if now - began >= self._window else (began, tries)

    def _set(self, key: str, began: float, tries: int) -> None:
        self._tries[key] = (began, tries)
        self._tries.move_to_end(key)
        if len(self._tries) > MOST_KEYS:
            self._tries.popitem(last=False)

    def succeeded(self, key: str) -> None:
        """Take back the try that succeeded, and its key's failures with it."""
        self._tries.pop(key, None)

    def undo(self, key: str) -> None:
        """Take back one try only: somebody's success says nothing about others' tries at that address or name."""
        if found := self._tries.get(key):
            began, tries = found
            self._tries[key] = (began, max(0, tries - 1))

    def __len__(self) -> int:
        return len(self._tries)


def network(address: str) -> str:
    """Whom an address stands for: one IPv6 subscriber has 2^64 of them (RFC 6177), and could use each for one try."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))
