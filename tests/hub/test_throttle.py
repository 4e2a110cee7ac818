"""The throttle counts, forgets in time, and is bounded."""

from __future__ import annotations

import pytest

from coterie.hub import throttle
from coterie.hub.throttle import FIRST_DELAY, LONGEST_DELAY, Throttle
from coterie.wire.errors import CoterieError


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_window() -> None:
    clock = Clock()
    slow = Throttle(60, clock)
    for _ in range(3):
        slow.count("ada", 3)
    with pytest.raises(CoterieError, match="1 minute "):
        slow.count("ada", 3)
    slow.count("grace", 3)
    clock.now = 60
    slow.count("ada", 3)


def test_success_forgets() -> None:
    slow = Throttle(60, Clock())
    for _ in range(10):
        slow.count("ada", 2)
        slow.succeeded("ada")
    slow.count("address", 2)
    slow.count("address", 2)
    slow.undo("address")
    slow.count("address", 2)
    with pytest.raises(CoterieError):
        slow.count("address", 2)


def test_delays_grow_to_a_bound_and_refuse_nobody() -> None:
    clock = Clock()
    slow = Throttle(60, clock)
    delays = [slow.delay("ada", 3) for _ in range(3000)]
    assert delays[:3] == [0, 0, 0]
    assert delays[3:6] == [FIRST_DELAY, 2 * FIRST_DELAY, 4 * FIRST_DELAY]
    assert sorted(delays) == delays and delays[-1] == LONGEST_DELAY <= 10
    assert slow.delay("grace", 3) == 0
    clock.now = 60
    assert slow.delay("ada", 3) == 0


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "MOST_KEYS", 100)
    slow = Throttle(60, Clock())
    for number in range(1000):
        slow.count(str(number), 3)
    assert len(slow) == 100
