"""Keeps the hub's resident memory small: it is one process for everybody, and must not cost what a workspace costs."""

from __future__ import annotations

import ctypes
import gc
import sys

_TUNING = {-8: 2, -3: 1 << 20, -1: 4 << 20}
"""glibc's `M_ARENA_MAX`: threads share two heaps instead of having one each. `M_MMAP_THRESHOLD` and `M_TRIM_THRESHOLD`,
in bytes: given explicitly they stay as they are; by themselves they grow when the first password is hashed, and the
19 MiB that each hash needs would never go back."""


def tune() -> None:
    """Set up the allocator; call before there are threads. glibc only."""
    if sys.platform == "linux" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)) is not None:
        for parameter, value in _TUNING.items():
            mallopt(parameter, value)


def settle() -> None:
    """Give back what starting needed, and spare the collector what is there for good."""
    gc.collect()
    gc.freeze()
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None:
        trim(0)
