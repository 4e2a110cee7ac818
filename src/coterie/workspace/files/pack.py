"""A folder as an archive, made while it is sent: no temporary file, links as links, nothing outside the folder."""

from __future__ import annotations

import asyncio
import gzip
import io
import os
import stat
import tarfile
import time
import zipfile
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

_PIECE = 256 << 10
_EARLIEST = 315_532_800
"""1 January 1980, before which a zip file has no dates."""

TAKEN_WITHIN = 60.0
"""Seconds that whoever downloads an archive may take for its next piece."""

_workers = ThreadPoolExecutor(4, thread_name_prefix="pack")
"""Threads of their own: people who do not take what they asked for must not keep documents from being saved."""

Send = Callable[[bytes], Coroutine[Any, Any, None]]


async def pack(folder: int, label: str, name: str, send: Send) -> None:
    """Send the open folder as an archive of the format `name`, everything in it below `label`.

    Raises OSError for a file that could not be read whole, TimeoutError for a piece that is not taken, and what `send`
    raises.
    """
    loop = asyncio.get_running_loop()
    output = _Output(lambda data: asyncio.run_coroutine_threadsafe(send(data), loop).result(TAKEN_WITHIN))
    work = loop.run_in_executor(_workers, _zip if name == "zip" else _tar, folder, label, output)
    try:
        await asyncio.shield(work)
    except asyncio.CancelledError:
        # The thread still reads from the folder's descriptor, which is the caller's to close.
        output.stopped = True
        await asyncio.wait([work])
        work.exception()  # that it was stopped is no news
        raise


class _Output(io.RawIOBase):
    """A file that cannot seek: gathers what is written and sends it in pieces, as fast as they are taken."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send
        self._pieces = bytearray()
        self._sent = 0
        self.stopped = False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def tell(self) -> int:
        return self._sent

    def write(self, data: object) -> int:
        if self.stopped:
            raise BrokenPipeError("nobody takes the archive any more")
        view = memoryview(data)  # type: ignore[arg-type] # io's own signature is a buffer
        self._pieces += view
        self._sent += view.nbytes
        if len(self._pieces) >= _PIECE:
            self.flush()
        return view.nbytes

    def flush(self) -> None:
        if self._pieces and not self.stopped:
            data = bytes(self._pieces)
            self._pieces.clear()
            self._send(data)


def _walk(folder: int) -> Iterator[tuple[str, int, str, os.stat_result]]:
    """Every name below the folder: its path, the descriptor of its folder, the name, and what it is."""
    for path, folders, files, descriptor in os.fwalk(".", dir_fd=folder, follow_symlinks=False):
        prefix = path[2:] + "/" if path != "." else ""
        for name in sorted([*folders, *files]):
            try:
                status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            except FileNotFoundError:
                continue
            yield prefix + name, descriptor, name, status


def _open(name: str, folder: int) -> IO[bytes]:
    return os.fdopen(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder), "rb")


def _tar(folder: int, label: str, output: _Output) -> None:
    with (
        gzip.GzipFile(fileobj=output, mode="wb", compresslevel=6, mtime=0) as packed,
        tarfile.open(mode="w|", fileobj=packed, format=tarfile.PAX_FORMAT) as archive,
    ):
        for path, parent, name, status in _walk(folder):
            entry = tarfile.TarInfo(f"{label}/{path}")
            entry.mode = stat.S_IMODE(status.st_mode)
            entry.mtime = int(status.st_mtime)
            if stat.S_ISLNK(status.st_mode):
                entry.type = tarfile.SYMTYPE
                entry.linkname = os.readlink(name, dir_fd=parent)
                archive.addfile(entry)
            elif stat.S_ISDIR(status.st_mode):
                entry.type = tarfile.DIRTYPE
                archive.addfile(entry)
            elif stat.S_ISREG(status.st_mode):
                with _open(name, parent) as file:
                    entry.size = os.fstat(file.fileno()).st_size
                    archive.addfile(entry, file)
    output.flush()


def _zip(folder: int, label: str, output: _Output) -> None:
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED, allowZip64=True, compresslevel=6) as archive:
        for path, parent, name, status in _walk(folder):
            when = time.localtime(max(_EARLIEST, status.st_mtime))[:6]
            full = f"{label}/{path}".encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            entry = zipfile.ZipInfo(full, when)
            entry.external_attr = (status.st_mode & 0xFFFF) << 16
            if stat.S_ISLNK(status.st_mode):
                archive.writestr(entry, os.fsencode(os.readlink(name, dir_fd=parent)))
            elif stat.S_ISDIR(status.st_mode):
                entry.filename += "/"
                archive.writestr(entry, b"")
            elif stat.S_ISREG(status.st_mode):
                entry.compress_type = zipfile.ZIP_DEFLATED
                with _open(name, parent) as file, archive.open(entry, "w", force_zip64=True) as into:
                    while data := file.read(_PIECE):
                        into.write(data)
    output.flush()
