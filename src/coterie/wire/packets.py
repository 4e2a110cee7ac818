"""A non-blocking connection of packets with descriptors attached (SOCK_SEQPACKET, SCM_RIGHTS), for both its ends."""

from __future__ import annotations

import array
import asyncio
import contextlib
import os
import socket
from collections import deque
from collections.abc import Sequence
from typing import Protocol

_MOST_DESCRIPTORS = 4
_AT_ONCE = 64
"""Packets read in one turn of the event loop, so that one busy peer does not hold up everything else."""

_MOST_WAITING = 20_000
"""Packets that wait for a peer that does not read, before it counts as lost."""


class Receiver(Protocol):
    """What hears of packets. It owns the descriptors it is given."""

    def received(self, packet: bytes, descriptors: list[int]) -> None: ...

    def lost(self) -> None:
        """The peer is gone, or does not read; called once, and not after `close`."""
        ...


class Packets:
    """One end of the connection, on the running event loop. Takes over `connected`, a SOCK_SEQPACKET socket."""

    def __init__(self, connected: socket.socket, receiver: Receiver, largest: int) -> None:
        self._socket = connected
        self._socket.setblocking(False)
        self._receiver = receiver
        self._largest = largest
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[tuple[bytes, tuple[int, ...]]] = deque()
        self._closed = False
        self._loop.add_reader(self._socket.fileno(), self._readable)

    @property
    def closed(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._closed

    def send(self, packet: bytes, descriptors: Sequence[int] = ()) -> None:
        """Send a packet, in order. `descriptors` are taken over and closed once they are passed; no-op when closed."""
        if self._closed:
            _close(descriptors)
            return
        self._waiting.append((packet, tuple(descriptors)))
        if len(self._waiting) == 1:
            self._writable()
        elif len(self._waiting) > _MOST_WAITING:
            self._lose()

    def close(self) -> None:
        """Let go of the connection."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._socket.fileno())
        self._loop.remove_writer(self._socket.fileno())
        self._socket.close()
        for _, descriptors in self._waiting:
            _close(descriptors)
        self._waiting.clear()

    def _lose(self) -> None:
        if not self._closed:
            self.close()
            self._receiver.lost()

    def _writable(self) -> None:
        while self._waiting:
            packet, descriptors = self._waiting[0]
            try:
                send(self._socket, packet, descriptors)
            except (BlockingIOError, InterruptedError):
                self._loop.add_writer(self._socket.fileno(), self._writable)
                return
            except OSError:
                # Not from within `send`: the caller must not be called back before it returns.
                self._loop.call_soon(self._lose)
                return
            self._waiting.popleft()
            _close(descriptors)
        self._loop.remove_writer(self._socket.fileno())

    def _readable(self) -> None:
        for _ in range(_AT_ONCE):
            if self._closed:
                return
            try:
                packet, descriptors, flags, _ = socket.recv_fds(self._socket, self._largest, _MOST_DESCRIPTORS)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                self._lose()
                return
            if not packet or flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
                _close(descriptors)
                self._lose()
                return
            for descriptor in descriptors:
                os.set_inheritable(descriptor, False)
            self._receiver.received(packet, descriptors)


def send(connected: socket.socket, packet: bytes, descriptors: Sequence[int] = ()) -> None:
    """Send one packet now. Raises OSError, BlockingIOError when the peer's queue is full."""
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
    connected.sendmsg([packet], rights, socket.MSG_NOSIGNAL if hasattr(socket, "MSG_NOSIGNAL") else 0)


def _close(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        with contextlib.suppress(OSError):
            os.close(descriptor)
