"""Memory that documents at rest no longer need, back to the system."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable


def _found() -> Callable[[int], int] | None:
    if sys.platform != "linux":
        return None
    trim: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return trim


_trim = _found()


def give_back() -> None:
    """Return free pages to the system: a few milliseconds. Does nothing where the C library has no `malloc_trim`."""
    gc.collect(0)
    if _trim is not None:
        _trim(0)
