"""Asking git about the workspace's files.

A repository's own settings can make git run programs, so git runs where the user's programs run, never beside the
workspace server's private files.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence

from coterie.wire.errors import CoterieError
from coterie.workspace.paths import Root, parts
from coterie.workspace.processes import Process, Spawner

WITHIN = 2.0
"""Seconds that git may take before the answer is given without it."""

MOST_NAMES = 500
"""Names of one folder that git is asked about: they travel as arguments."""

MOST_OUTPUT = 32 << 20
_READ = 64 << 10
_CALM = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}


class Git:
    """git over the files, as the machine's user. `shown` is the files' folder as user processes see it."""

    def __init__(self, spawner: Spawner, root: Root, shown: str) -> None:
        self._spawner = spawner
        self._root = root
        self._shown = shown

    async def ignored(self, folder: str, names: Sequence[str]) -> set[str]:
        """Return those of the names in `folder` that git ignores; none where there is no repository, or git is slow."""
        if not names or len(names) > MOST_NAMES or not await asyncio.to_thread(self._in_repository, folder):
            return set()
        # A name with a quote or a line end in it comes back in quotes, is not found again, and stays unmarked.
        asked = {f"./{name}": name for name in names}
        output = await self._run(folder, ["-c", "core.quotePath=false", "check-ignore", "--", *asked])
        return {asked[line] for line in output.decode(errors="replace").splitlines() if line in asked}

    async def files(self, folder: str = "") -> list[str] | None:
        """Return all files in `folder` that git does not ignore, when it is in a repository; else None."""
        if not await asyncio.to_thread(self._in_repository, folder):
            return None
        names = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"]
        output = await self._run(folder, names)
        return [f"{folder}/{path}" if folder else path for path in _paths(output)] if output else None

    async def differing(self, folder: str, old: str, new: str) -> int | None:
        """Return how many files differ between two commits of the repository in `folder`; None for none or a failure.

        The commits are 40 or 64 hexadecimal digits.
        """
        names = ["diff", "--name-only", "-z", "--no-ext-diff", "--no-textconv", "--no-renames", old, new, "--"]
        return (await self._run(folder, names)).count(b"\0") or None

    def _in_repository(self, folder: str) -> bool:
        names = parts(folder)
        for depth in range(len(names), -1, -1):
            try:
                self._root.stat("/".join([*names[:depth], ".git"]))
            except CoterieError:
                continue
            return True
        return False

    async def _run(self, folder: str, arguments: list[str]) -> bytes:
        """What git prints; nothing when it fails, takes too long or prints too much."""
        where = f"{self._shown}/{folder}" if folder else self._shown
        process: Process | None = None
        try:
            async with asyncio.timeout(WITHIN):
                process = await self._spawner.spawn(
                    ["git", *arguments], folder=where, environment=_CALM, columns=80, rows=24, pty=False
                )
                output = await _output(process.master)
                return output if await process.wait() == 0 else b""
        except (TimeoutError, CoterieError, OSError):
            if process is not None:
                process.signal(9)
            return b""
        finally:
            if process is not None:
                os.close(process.master)


async def _output(descriptor: int) -> bytes:
    """Everything a non-blocking pipe gives until its end."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()
    read: list[bytes] = []
    size = 0

    def readable() -> None:
        nonlocal size
        try:
            data = os.read(descriptor, _READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        size += len(data)
        read.append(data)
        if (not data or size > MOST_OUTPUT) and not ended.done():
            ended.set_result(None)

    loop.add_reader(descriptor, readable)
    try:
        await ended
    finally:
        loop.remove_reader(descriptor)
    return b"".join(read) if size <= MOST_OUTPUT else b""


def _paths(output: bytes) -> list[str]:
    return [path.decode() for path in output.split(b"\0") if path and _is_text(path)]


def _is_text(path: bytes) -> bool:
    try:
        path.decode()
    except UnicodeDecodeError:
        return False
    return True
