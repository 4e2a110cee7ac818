"""The host user of each machine: where the hub is root, an unprivileged one of its own; otherwise the hub's."""

from __future__ import annotations

import os
import secrets
import subprocess
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
        """Give a new machine's directories a user that no other machine has."""
        if not self.own:
            return
        taken = {other.home.stat().st_uid for other in others if other.home.is_dir()}
        user = place.home.stat().st_uid
        while user in taken or not self._base <= user < self._base + self._span:
            user = self._base + secrets.randbelow(self._span)
        give(place, user)

    def settle(self, place: Place) -> None:
        """Give the machine what was put into its files from outside, such as a clone; once, before its first start."""
        if not self.own:
            return
        user = self.of(place)
        if place.files.stat().st_uid != user or any(entry.lstat().st_uid != user for entry in place.files.iterdir()):
            give(place, user)
        for directory in (place.state, place.run):
            os.chown(directory, user, user)


def give(place: Place, user: int) -> None:
    """Make `user` the owner of the machine's directories and of all that is in them, not following links."""
    paths = [os.fspath(path) for path in place.directories]
    subprocess.run(["chown", "-hR", f"{user}:{user}", "--", *paths], check=True)


def _range() -> tuple[int, int]:
    """Return the first and the number of host users to choose from: fewer inside a container that has only some."""
    for line in Path("/proc/self/uid_map").read_text().splitlines():
        first, _, count = (int(word) for word in line.split())
        if first == 0 and count < _BASE + _SPAN:
            return count // 2, count // 4
    return _BASE, _SPAN
