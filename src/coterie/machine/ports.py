"""Which programs of a machine listen on TCP ports: read from /proc; nothing where there is none."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path

_LISTEN = "0A"
"""State TCP_LISTEN in /proc/net/tcp (proc_pid_net(5))."""

Listener = tuple[int, str, str]
"""Port, address to reach it at, command line of the program."""


def listening() -> dict[int, tuple[int, str]]:
    """Return the listening TCP sockets of this network namespace: by inode, port and the address to reach it at."""
    found: dict[int, tuple[int, str]] = {}
    for table, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        with contextlib.suppress(OSError), Path("/proc/net", table).open() as lines:
            next(lines)
            for line in lines:
                fields = line.split()
                if fields[3] == _LISTEN:
                    address, _, port = fields[1].partition(":")
                    found[int(fields[9])] = (int(port, 16), _address(address, family))
    return found


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


def _address(text: str, family: socket.AddressFamily) -> str:
    # /proc prints addresses as 32-bit words in the machine's byte order.
    words = [int(text[at : at + 8], 16).to_bytes(4, "little") for at in range(0, len(text), 8)]
    address = socket.inet_ntop(family, b"".join(words))
    if address.startswith("::ffff:"):
        address = address.removeprefix("::ffff:")
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
        return " ".join([os.path.basename(os.fsdecode(words[0])), *map(os.fsdecode, words[1:])])[:80]  # noqa: PTH119
    return ""
