"""Keeps the hub's resident memory small: it is one process for everybody, and must not cost what a workspace costs."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys
from collections.abc import Iterator

_TUNING = {-8: 2, -3: 1 << 20, -1: 4 << 20}
"""glibc's `M_ARENA_MAX`: threads share two heaps instead of having one each. `M_MMAP_THRESHOLD` and `M_TRIM_THRESHOLD`,
in bytes: given explicitly they stay as they are; by themselves they grow when the first password is hashed, and the
9 MiB that each hash needs would never go back."""


_NEVER = "pydantic.v1"
"""FastAPI would load it to look whether models are of its kind, and says no itself where it is missing."""


def spare() -> None:
    """Keep what this program never uses from being loaded; call before there are routes."""
    sys.modules.setdefault(_NEVER, None)  # type: ignore[arg-type]  # the import system's own sign for "not there"


@contextlib.contextmanager
def without(*modules: str) -> Iterator[None]:
    """Have what the block imports find these optional modules missing: they would be loaded and never used."""
    hidden = [module for module in modules if module not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for module in hidden:
            del sys.modules[module]


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
