"""A machine's own network namespace: its loopback, and what it must not reach through its uplink."""

from __future__ import annotations

import fcntl
import os
import socket
import stat
import struct

from coterie.machine import kernel

DEVICE = "tap0"
"""The uplink's device in the machine."""

_SIOCSIFFLAGS = 0x8914
_SIOCADDRT = 0x890B
_IFF_UP = 1
_RTF_UP, _RTF_REJECT = 0x0001, 0x0200

_FORBIDDEN = (("169.254.0.0", "255.255.0.0"),)
"""Link-local addresses: where clouds hand the host's credentials to whoever asks."""


def bring_up_loopback() -> None:
    """Make 127.0.0.1 work, and refuse what is forbidden; raises OSError."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))
        for address, mask in _FORBIDDEN:
            fcntl.ioctl(sock, _SIOCADDRT, _reject(address, mask))


def _reject(address: str, mask: str) -> bytes:
    """Return a `struct rtentry` (linux/route.h, 64-bit) of an unreachable network."""

    def sockaddr(text: str) -> bytes:
        return struct.pack("=HH4s8x", socket.AF_INET, 0, socket.inet_aton(text))

    any_address = sockaddr("0.0.0.0")  # noqa: S104 no gateway
    head = struct.pack("@L16s16s16sH", 0, sockaddr(address), any_address, sockaddr(mask), _RTF_UP | _RTF_REJECT)
    return head.ljust(120, b"\0")


def share_tun(path: str) -> None:
    """Make /dev/net/tun usable by any user of this mount namespace, through a node of our own at `path`."""
    if not os.path.exists("/dev/net/tun"):  # noqa: PTH110 pathlib is slow to import
        return
    os.mknod(path, 0o666 | stat.S_IFCHR, os.stat("/dev/net/tun").st_rdev)  # noqa: PTH116
    os.chmod(path, 0o666)  # noqa: PTH101, S103 as on any desktop: it gives nothing without a network namespace
    kernel.mount(path, "/dev/net/tun", flags=kernel.MS_BIND)
