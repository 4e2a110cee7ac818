"""Hears when passed sockets are hung up, without reading from them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import socket
from collections.abc import Callable

_EVENTS = 64


class HangUps:
    """Watches descriptors for the other end's hang-up, by an epoll of its own that the event loop looks at.

    The event loop itself cannot: it would watch for bytes to read, and those are the workspace server's. Where there is
    no epoll nothing is watched, and the workspace server's word is all there is.
    """

    def __init__(self) -> None:
        self._hung_up: dict[int, Callable[[], None]] = {}
        self._epoll = select.epoll() if hasattr(select, "epoll") else None
        if self._epoll:
            asyncio.get_running_loop().add_reader(self._epoll.fileno(), self._ready)

    def watch(self, descriptor: int, hung_up: Callable[[], None]) -> None:
        """Call `hung_up` once the other end is gone. Raises OSError for a descriptor that cannot be watched."""
        if self._epoll:
            self._epoll.register(descriptor, select.EPOLLRDHUP | select.EPOLLONESHOT)
            self._hung_up[descriptor] = hung_up

    def forget(self, descriptor: int) -> None:
        """Watch no longer; before the descriptor is closed, as its duplicates would keep it watched."""
        if self._epoll and self._hung_up.pop(descriptor, None):
            with contextlib.suppress(OSError):
                self._epoll.unregister(descriptor)

    def close(self) -> None:
        """Let go of everything."""
        if self._epoll:
            asyncio.get_running_loop().remove_reader(self._epoll.fileno())
            self._epoll.close()

    def _ready(self) -> None:
        assert self._epoll
        for descriptor, _ in self._epoll.poll(0, _EVENTS):
            if hung_up := self._hung_up.get(descriptor):
                hung_up()


def shut_down(descriptor: int) -> None:
    """End the connection for both its ends, whoever else holds it."""
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as held:
        held.shutdown(socket.SHUT_RDWR)
