"""A system-call filter for what users run: refuses what no development work needs and kernels are broken through.

Written as classic BPF (linux/filter.h, linux/seccomp.h). Other architectures than the two below get no filter; neither
capabilities nor user namespaces are there to use most of these calls anyway.
"""

from __future__ import annotations

import platform
import struct

CALLS: dict[str, tuple[int, int]] = {
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "kexec_load": (246, 104),
    "init_module": (175, 105),
    "delete_module": (176, 106),
    "finit_module": (313, 273),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "setns": (308, 268),
    "open_by_handle_at": (304, 265),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "quotactl": (179, 60),
    "acct": (163, 89),
    "syslog": (103, 116),
}
"""Refused system calls: their numbers on x86-64 and on 64-bit ARM."""

ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""Index into the numbers above, and the kernel's name (AUDIT_ARCH_…)."""

_X32 = 0x40000000
"""First number of x86-64's second table of system calls, through which the first's would be reached."""

_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER, _ARCHITECTURE = 0, 4
"""Offsets in `struct seccomp_data`."""
_ALLOW, _REFUSE, _UNKNOWN = 0x7FFF0000, 0x00050000 | 1, 0x00050000 | 38
"""SECCOMP_RET_ALLOW; SECCOMP_RET_ERRNO with EPERM and with ENOSYS."""


def program(machine: str = platform.machine()) -> bytes:
    """Return the filter for `machine`, empty where none is known. Calls of another architecture do not exist in it."""
    if machine not in ARCHITECTURES:
        return b""
    index, architecture = ARCHITECTURES[machine]
    numbers = [numbers[index] for numbers in CALLS.values()]
    left = len(numbers)
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 0, left + 4, architecture),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, left + 2, 0, _X32),
    ]
    steps += [(_EQUAL, left - position, 0, number) for position, number in enumerate(numbers)]
    steps += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE), (_RETURN, 0, 0, _UNKNOWN)]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
