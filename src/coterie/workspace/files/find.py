"""Quick open: every file's path, kept for a little while, and the best matches for what is typed."""

from __future__ import annotations

import asyncio
import heapq
import os
import time
from collections.abc import Sequence

from coterie.workspace.files.git import Git
from coterie.workspace.paths import Root, travels

MOST_PATHS = 200_000
"""Paths that are searched; beyond it the rest is left out."""

KEEP = 10.0
"""Seconds for which the list of paths is used again: a person types a query in one go."""

LEFT_OUT = frozenset({".git", "node_modules", ".venv", "__pycache__", ".cache", ".mypy_cache", ".pytest_cache"})
"""Folders that are not looked into where there is no git to say what is ignored."""


class Finder:
    """Finds files by parts of their paths."""

    def __init__(self, root: Root, git: Git) -> None:
        self._root = root
        self._git = git
        self._paths: asyncio.Task[list[str]] | None = None
        self._until = 0.0

    def stale(self) -> None:
        """The list is no longer right: read it again the next time."""
        self._until = 0.0

    async def find(self, query: str, limit: int) -> list[str]:
        """Return the paths that contain the characters of `query` in order, best first, at most `limit`."""
        now = time.monotonic()
        if self._paths is None or (self._paths.done() and now >= self._until):
            self._until = now + KEEP
            self._paths = asyncio.ensure_future(self._read())
        paths = await asyncio.shield(self._paths)
        return await asyncio.to_thread(best, paths, query, limit)

    async def _read(self) -> list[str]:
        paths = await self._git.files()
        if paths is None:
            paths = await asyncio.to_thread(self._walk)
        return paths[:MOST_PATHS]

    def _walk(self) -> list[str]:
        found: list[str] = []
        start = self._root.open_folder("")
        try:
            for folder, folders, files, _ in os.fwalk(".", dir_fd=start, follow_symlinks=False):
                folders[:] = sorted(name for name in folders if name not in LEFT_OUT)
                prefix = folder[2:] + "/" if folder != "." else ""
                found += [prefix + name for name in sorted(files) if travels(prefix + name)]
                if len(found) >= MOST_PATHS:
                    break
        finally:
            os.close(start)
        return found


def best(paths: Sequence[str], query: str, limit: int) -> list[str]:
    """Return the best matches among `paths`; without a query, the shortest paths."""
    wanted = query.replace(" ", "").lower()
    scored = ((score(path, wanted), path) for path in paths)
    found = heapq.nsmallest(limit, ((cost, len(path), path) for cost, path in scored if cost is not None))
    return [path for _, _, path in found]


def score(path: str, wanted: str) -> int | None:
    """How far `path` is from `wanted` (small letters): less is better, None when it does not contain it in order.

    A run of characters in the name beats one in the path, and that beats characters strewn about; what is skipped
    between the first and the last matched character counts against it.
    """
    text = path.lower()
    name = text.rfind("/") + 1
    if (at := text.find(wanted, name)) >= 0:
        return at - name
    if (at := text.find(wanted)) >= 0:
        return 1000 + len(text) - at
    # From the end, so that the name is preferred over the folders.
    position = len(text)
    last = -1
    for character in reversed(wanted):
        position = text.rfind(character, 0, position)
        if position < 0:
            return None
        last = position if last < 0 else last
    return 2000 + (last - position + 1 - len(wanted)) * 4 + (0 if position >= name else 500)
