"""Slowing down whoever guesses: failures are counted per key over a window, in bounded memory."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable

from coterie.wire.errors import CoterieError, ErrorCode

MOST_KEYS = 20_000


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
        now = self._clock()
        began, tries = self._tries.get(key, (now, 0))
        if now - began >= self._window:
            began, tries = now, 0
        if tries >= limit:
            minutes = max(1, round((began + self._window - now) / 60))
            raise CoterieError(
                ErrorCode.TOO_FAST,
                f"Too many tries. Wait {minutes} minute{'s' if minutes > 1 else ''} and try again.",
                key,
            )
        self._tries[key] = (began, tries + 1)
        self._tries.move_to_end(key)
        if len(self._tries) > MOST_KEYS:
            self._tries.popitem(last=False)

    def succeeded(self, key: str) -> None:
        """Take back the try that succeeded, and its key's failures with it."""
        self._tries.pop(key, None)

    def undo(self, key: str) -> None:
        """Take back one try only: somebody's success at an address says nothing about that address's other tries."""
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
