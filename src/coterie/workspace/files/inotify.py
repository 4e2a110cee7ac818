"""Linux's inotify(7), for folders only: which open folder had names come or go, or files written."""

from __future__ import annotations

import asyncio
import ctypes
import os
import struct
import sys
from collections.abc import Callable

_CREATE, _DELETE, _MOVED_FROM, _MOVED_TO = 0x100, 0x200, 0x40, 0x80
_DELETE_SELF, _MOVE_SELF, _ONLYDIR = 0x400, 0x800, 0x01000000
_OVERFLOW, _IGNORED = 0x4000, 0x8000
_NAMES = _CREATE | _DELETE | _MOVED_FROM | _MOVED_TO | _DELETE_SELF | _MOVE_SELF | _ONLYDIR

_EVENT = struct.Struct("iIII")
_READ = 64 << 10
_CONTENTS = 0x02 | 0x08
"""IN_MODIFY and IN_CLOSE_WRITE."""


class Inotify:
    """Watches folders given as descriptors. Calls `touched` with a folder's handle, or None when events were lost.

    With `contents` writing to a file in a folder touches it too.
    """

    def __init__(self, touched: Callable[[int | None], None], *, contents: bool = False) -> None:
        if sys.platform != "linux":
            raise OSError("inotify is Linux's")
        self._touched = touched
        self._mask = _NAMES | (_CONTENTS if contents else 0)
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0:
            raise _error()
        asyncio.get_running_loop().add_reader(self._fd, self._readable)

    def add(self, folder: int) -> int:
        """Watch an open folder; return its handle, the same for one that is watched already. Raises OSError."""
        # By descriptor and not by path, which a link could have replaced meanwhile.
        handle = self._libc.inotify_add_watch(self._fd, f"/proc/self/fd/{folder}".encode(), self._mask)
        if handle < 0:
            raise _error()
        return int(handle)

    def remove(self, handle: int) -> None:
        """Watch a folder no longer."""
        self._libc.inotify_rm_watch(self._fd, handle)

    def close(self) -> None:
        """Let go of everything."""
        asyncio.get_running_loop().remove_reader(self._fd)
        os.close(self._fd)

    def _readable(self) -> None:
        try:
            data = os.read(self._fd, _READ)
        except BlockingIOError:
            return
        touched: set[int | None] = set()
        position = 0
        while position < len(data):
            handle, mask, _, length = _EVENT.unpack_from(data, position)
            position += _EVENT.size + length
            if mask & _OVERFLOW:
                touched.add(None)
            elif not mask & _IGNORED:
                touched.add(handle)
        for one in touched:
            self._touched(one)


def _error() -> OSError:
    code = ctypes.get_errno()
    return OSError(code, os.strerror(code))
