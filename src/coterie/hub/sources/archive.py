"""Takes an uploaded archive and makes a workspace's first files of it, all or nothing."""

from __future__ import annotations

import asyncio
import errno
import functools
import secrets
import shutil
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from coterie.hub.sources.tree import Tree, UnpackLimits
from coterie.wire.archives import KINDS, entries
from coterie.wire.errors import CoterieError, ErrorCode

Log = Callable[[str], None]

_TELL_EVERY = 2.0
"""Seconds between two lines about progress."""


class _StoppedError(Exception):
    """Nobody waits for the result any more."""


async def unpack(stream: AsyncIterator[bytes], into: Path, log: Log, *, limits: UnpackLimits | None = None) -> None:
    """Unpack the archive that `stream` brings into the empty directory `into`, or leave that as it was.

    The archive's own folders are kept as they are, also a single one at its top. Both the upload and its files are
    first put beside `into`, whose file system has to hold them anyway.

    Raises CoterieError: ARCHIVE_UNREADABLE, ARCHIVE_UNSAFE, TOO_BIG, DISK_FULL.
    """
    limits = limits or UnpackLimits()
    name = secrets.token_hex(8)
    upload, staging = into.parent / f".upload-{name}", into.parent / f".unpack-{name}"
    stopped = threading.Event()
    loop = asyncio.get_running_loop()

    def say(line: str) -> None:
        loop.call_soon_threadsafe(log, line)

    try:
        await _receive(stream, upload, limits.upload)
        log("Unpacking the archive")
        work = functools.partial(_unpack, upload, staging, into, limits=limits, say=say, stopped=stopped)
        working = loop.run_in_executor(None, work)
        try:
            told = await asyncio.shield(working)
        except asyncio.CancelledError:
            stopped.set()
            await asyncio.wait({working})
            working.exception()
            raise
        log(told)
    except OSError as error:
        raise _disk(error) from None
    finally:
        await asyncio.to_thread(_remove, upload, staging)


async def _receive(stream: AsyncIterator[bytes], upload: Path, limit: int) -> None:
    received = 0
    file = await asyncio.to_thread(upload.open, "xb")
    try:
        async for chunk in stream:
            received += len(chunk)
            if received > limit:
                sentence = f"This archive is larger than {limit >> 20} MiB, the most that is taken."
                raise CoterieError(ErrorCode.TOO_BIG, sentence)
            await asyncio.to_thread(file.write, chunk)
    finally:
        await asyncio.to_thread(file.close)
    if not received:
        raise CoterieError(ErrorCode.ARCHIVE_UNREADABLE, f"The upload is empty. Upload one of {KINDS}.")


def _unpack(
    upload: Path, staging: Path, into: Path, *, limits: UnpackLimits, say: Log, stopped: threading.Event
) -> str:
    """Runs in a thread; returns what to log at the end."""

    def check() -> None:
        if stopped.is_set():
            raise _StoppedError

    staging.mkdir()
    tree = Tree(staging, upload.stat().st_size, limits, check)
    tell = time.monotonic() + _TELL_EVERY
    try:
        with upload.open("rb") as file:
            for entry in entries(file, limits.entries):
                tree.add(entry)
                if time.monotonic() > tell:
                    tell = time.monotonic() + _TELL_EVERY
                    say(f"{tree.files} files, {tree.bytes >> 20} MiB so far")
        tree.finish()
    except (CoterieError, _StoppedError):
        raise
    except OSError as error:
        if error.errno is not None:
            raise
        raise _damaged(error) from None
    except Exception as error:  # Python's readers raise many kinds of error on damaged archives
        raise _damaged(error) from None
    shutil.copymode(into, staging)
    # Onto an empty directory this is atomic (rename(2)); on one with something in it, it fails.
    staging.rename(into)
    return f"Unpacked {tree.files} files, {tree.bytes / 2**20:.1f} MiB"


def _remove(upload: Path, staging: Path) -> None:
    upload.unlink(missing_ok=True)
    shutil.rmtree(staging, ignore_errors=True)


def _damaged(error: Exception) -> CoterieError:
    sentence = f"This archive cannot be read: it is damaged or incomplete. Upload one of {KINDS}."
    return CoterieError(ErrorCode.ARCHIVE_UNREADABLE, sentence, repr(error))


def _disk(error: OSError) -> CoterieError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return CoterieError(
            ErrorCode.DISK_FULL, "The server's disk is full, so the archive was not unpacked.", str(error)
        )
    return CoterieError(ErrorCode.INTERNAL, "The archive could not be unpacked on the server.", repr(error))
