"""How machines with a network of their own reach the outside: through slirp4netns, where that is usable."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import Literal

Network = Literal["auto", "none", "host"]


@dataclass(frozen=True)
class Uplink:
    """What is used, and why not more."""

    command: tuple[str, ...]
    """Joins a network namespace (its pid and the device's name follow) with the outside; empty: nothing does."""
    host: bool
    """Whether machines use the host's own network."""
    words: str
    """For the log."""


def find(network: Network, *, root: bool) -> Uplink:
    """Return what this host allows of what the operator chose. `root`: the keeper makes the device usable by itself."""
    if network == "host":
        return Uplink((), True, "Machines use the host's network: they reach whatever listens on its loopback.")
    if network == "none":
        return Uplink((), False, "Machines have no outbound network, as configured.")
    program = shutil.which("slirp4netns")
    if program is None:
        return Uplink((), False, "Machines have no outbound network: slirp4netns is not installed.")
    if not os.path.exists("/dev/net/tun") or not (root or os.access("/dev/net/tun", os.R_OK | os.W_OK)):  # noqa: PTH110
        return Uplink((), False, "Machines have no outbound network: /dev/net/tun cannot be used by the hub's user.")
    command = (program, "--configure", "--mtu=65520", "--disable-host-loopback")
    return Uplink(command, False, "Machines reach the outside through slirp4netns, and never the host's loopback.")
