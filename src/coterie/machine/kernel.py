"""The few calls into the C library that Python's standard library has no name for."""

from __future__ import annotations

import ctypes
import os
import sys

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 1 << 18

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36

LINUX = sys.platform.startswith("linux")

_library = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)


def unshare(flags: int) -> None:
    """Give this process new namespaces; raises OSError."""
    _check(_library.unshare(flags), "unshare")


def mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    """mount(2); raises OSError."""
    arguments = (source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data.encode())
    _check(_library.mount(*arguments), f"mount {target}")


def set_dumpable(dumpable: bool) -> None:
    """Whether processes of the same user may trace this one, read its memory and take its descriptors."""
    if LINUX:
        _check(_library.prctl(_PR_SET_DUMPABLE, int(dumpable), 0, 0, 0), "prctl")


def adopt_orphans() -> None:
    """Become the parent of descendants whose parent ends, so that none escapes. No-op where the system cannot."""
    if LINUX:
        _check(_library.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl")


def end_with_parent(number: int) -> None:
    """Receive signal `number` when the parent ends; forgotten at a change of user."""
    if LINUX:
        _check(_library.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0), "prctl")


def highest_descriptor() -> int:
    """Return the highest open descriptor's number."""
    return max(int(name) for name in os.listdir("/proc/self/fd"))  # noqa: PTH208 pathlib is slow to import


def began(pid: int) -> str:
    """Return when a process began, in words that no other process with this number shares; empty: none, or a zombie."""
    if not LINUX:
        import subprocess  # noqa: PLC0415 slow to import

        shown = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return shown.stdout.strip()
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123
            fields = file.read().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    if fields[0] in (b"Z", b"X"):
        return ""
    with open("/proc/sys/kernel/random/boot_id") as boot:  # noqa: PTH123
        return f"{boot.read().strip()} {fields[19].decode()}"
