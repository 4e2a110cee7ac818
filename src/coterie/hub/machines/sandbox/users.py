"""The host user of each machine: where the hub is root, an unprivileged one of its own; otherwise the hub's."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from coterie.hub.machines.places import Place

_BASE, _SPAN = 0x70000000, 1 << 24
"""Host users for machines: above those that systemd gives to containers (uid-gid.md in systemd's documentation)."""


class Users:
    """Chooses machines' host users; a machine's user is the owner of its home directory."""

    def __init__(self) -> None:
        self.own = os.geteuid() == 0
        """Whether machines have users of their own."""
        self._base, self._span = _range() if self.own else (0, 1)

    def of(self, place: Place) -> int:
        """Return a machine's host user, -1 where it is the hub's."""
        return place.home.stat().st_uid if self.own else -1

    def choose(self, place: Place, others: Iterable[Place]) -> None:
        """Give a new machine's directories a user that no other machine has; its files later, they are yet to come."""
        if not self.own:
            return
        taken = {other.home.stat().st_uid for other in others if other.home.is_dir()}
        user = place.home.stat().st_uid
        while user in taken or not self._base <= user < self._base + self._span:
            user = self._base + secrets.randbelow(self._span)
        for directory in (place.home, place.state, place.run):
            give(directory, user)

    def settle(self, place: Place) -> None:
        """Give the machine the files that the hub put there, such as a clone; once, before its first start."""
        if self.own and place.files.stat().st_uid != self.of(place):
            give(place.files, self.of(place))


def give(folder: Path, user: int) -> None:
    """Make `user` the owner of all that is in `folder`, not following links, and of itself last."""
    for parent, folders, files in os.walk(folder, topdown=False):
        for name in (*folders, *files):
            os.lchown(f"{parent}/{name}", user, user)
    os.lchown(folder, user, user)


def _range() -> tuple[int, int]:
    """Return the first and the number of host users to choose from: fewer inside a container that has only some."""
    for line in Path("/proc/self/uid_map").read_text().splitlines():
        first, _, count = (int(word) for word in line.split())
        if first == 0 and count < _BASE + _SPAN:
            return count // 2, count // 4
    return _BASE, _SPAN
