"""Waiting for what nobody announces. Whatever sets an event or sends a message is waited for by that instead."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

WITHIN = 30.0
"""Seconds that a condition may take on a machine that has much else to do."""
PAUSE = 0.01


async def eventually(condition: Callable[[], Any], within: float = WITHIN) -> Any:
    """Return the first true value of a function, or of what it returns to be awaited. Raises TimeoutError."""
    async with asyncio.timeout(within):
        while True:
            found = condition()
            if value := await found if inspect.isawaitable(found) else found:
                return value
            await asyncio.sleep(PAUSE)


def wait_until(condition: Callable[[], T], within: float = WITHIN) -> T:
    """`eventually` where there is no event loop."""
    until = time.monotonic() + within
    while not (value := condition()):
        if time.monotonic() > until:
            raise TimeoutError(f"not within {within:g} s; the last value was {value!r}")
        time.sleep(PAUSE)
    return value
