"""Which programs of a machine listen on TCP ports, as Linux tells it; elsewhere none are found."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from pathlib import Path

_LISTEN = 10
"""State TCP_LISTEN."""

_NETLINK_SOCK_DIAG, _SOCK_DIAG_BY_FAMILY = 4, 20
_REQUEST_DUMP = 0x301
_ERROR, _DONE = 2, 3
_HEADER = struct.Struct("=LHHLL")
_REQUEST = struct.Struct("=BBBBL48s")
"""inet_diag_req_v2: family, protocol, extensions, padding, states, identity of one socket."""
_SOCKET = struct.Struct("=4xH2x16s44xL")
"""Of inet_diag_msg: the port in network order, the address, the inode."""

Listener = tuple[int, str, str]
"""Port, address to reach it at, command line of the program."""


def listening() -> dict[int, tuple[int, str]]:
    """Return the listening TCP sockets of this network namespace: by inode, port and the address to reach it at.

    Asked of the kernel through netlink (sock_diag(7)): /proc/net/tcp walks through the table of all connections, which
    takes milliseconds on a large machine.
    """
    found: dict[int, tuple[int, str]] = {}
    with contextlib.suppress(OSError, AttributeError), _diagnosis() as kernel:
        for family in (socket.AF_INET, socket.AF_INET6):
            request = _REQUEST.pack(family, socket.IPPROTO_TCP, 0, 0, 1 << _LISTEN, bytes(48))
            header = _HEADER.pack(_HEADER.size + len(request), _SOCK_DIAG_BY_FAMILY, _REQUEST_DUMP, 0, 0)
            kernel.send(header + request)
            done = False
            while not done:
                done = _read(kernel.recv(1 << 16), family, found)
    return found


def _diagnosis() -> socket.socket:
    kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG)
    kernel.settimeout(1)
    return kernel


def _read(data: bytes, family: int, found: dict[int, tuple[int, str]]) -> bool:
    """Add the sockets in one answer; return whether it is the last."""
    at = 0
    while at + _HEADER.size <= len(data):
        size, kind, *_ = _HEADER.unpack_from(data, at)
        if kind in (_DONE, _ERROR) or size < _HEADER.size:
            return True
        port, address, inode = _SOCKET.unpack_from(data, at + _HEADER.size)
        found[inode] = (socket.ntohs(port), _address(address, family))
        at += (size + 3) & ~3
    return False


def programs(root: int) -> list[Listener]:
    """Return what the descendants of process `root` (itself included) listen on, by port, one for each port."""
    sockets = listening()
    ports: dict[int, Listener] = {}
    if not sockets:
        return []
    for pid in _descendants(root):
        for inode in _sockets(pid) & sockets.keys():
            port, address = sockets[inode]
            # Where a program listens on several addresses, the loopback one comes first by its digits.
            if port not in ports or address < ports[port][1]:
                ports[port] = (port, address, _command(pid))
    return [ports[port] for port in sorted(ports)]


def _address(raw: bytes, family: int) -> str:
    address = socket.inet_ntop(family, raw[: 4 if family == socket.AF_INET else 16]).removeprefix("::ffff:")
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104 what others bind to


def _descendants(root: int) -> set[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            parent = int((entry / "stat").read_bytes().rpartition(b")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.name))
    found: set[int] = set()
    new = [root]
    while new:
        pid = new.pop()
        found.add(pid)
        new += [child for child in children.get(pid, ()) if child not in found]
    return found


def _sockets(pid: int) -> set[int]:
    found: set[int] = set()
    with contextlib.suppress(OSError):
        for entry in os.scandir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                target = os.readlink(entry.path)  # noqa: PTH115 a path object for each descriptor costs more
                if target.startswith("socket:["):
                    found.add(int(target[8:-1]))
    return found


def _command(pid: int) -> str:
    with contextlib.suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
        # A program may call itself anything, bytes that are no text included.
        return b" ".join([os.path.basename(words[0]), *words[1:]]).decode("utf-8", "replace")[:80]  # noqa: PTH119
    return ""
