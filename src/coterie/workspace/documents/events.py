"""One event out of many changes: what other programs do to files without a pause, and the sentence that tells of it."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from operator import itemgetter

from coterie.wire.errors import CoterieError
from coterie.workspace.documents import repository
from coterie.workspace.documents.repository import Operation
from coterie.workspace.paths import Root
from coterie.workspace.work import Work, at_it, culprit, whose

PAUSE = 0.4
"""Seconds without a change that end an event."""

LONGEST = 5.0
"""Seconds after which an event is told although its program goes on."""

_ASK_EVERY = 0.5
"""Seconds between questions to the terminals at least: much that is noticed is the documents' own saving."""

_SLACK = 0.1
"""Seconds by which the time of a change may be before the moment it was noticed."""


async def _unknown(_folder: str, _old: str, _new: str) -> int | None:
    return None


async def _no_files(_folder: str) -> list[str] | None:
    return None


async def _nobody() -> list[Work]:
    return []


@dataclass(frozen=True)
class Around:
    """What is asked of the rest of the machine; each answer may be that it is not known."""

    differing: Callable[[str, str, str], Awaitable[int | None]] = _unknown
    """How many files differ between two commits of the repository in a folder."""
    files: Callable[[str], Awaitable[list[str] | None]] = _no_files
    """The files of the repository in a folder that git does not ignore, as they travel."""
    at_work: Callable[[], Awaitable[list[Work]]] = _nobody
    """What the terminals are at."""


@dataclass(frozen=True)
class Told:
    """An event that is over. `sentence` is empty for one that nobody need hear of."""

    sentence: str
    git: bool
    since: float
    """Unix time at which it began."""
    paths: list[str]
    """Of the open documents that it changed."""


class Events:
    """Gathers changes into events."""

    def __init__(self, root: Root, around: Around) -> None:
        self._root = root
        self._around = around
        self._loop = asyncio.get_running_loop()
        self._asked = 0.0
        self._asking: list[asyncio.Task[list[Work]]] = []
        """What the terminals are asked as something is noticed, and again when it turns out to be an event."""
        self._noticed: tuple[float, float] | None = None
        """When what the next look finds was noticed first, in the event loop's time and in Unix time."""
        self._began = (0.0, 0.0)
        self._first = 0.0
        """When the first of the changes was made, as far as that is known, in the event loop's time."""
        self._operation: Operation | None = None
        self._paths: set[str] = set()
        self._due = 0.0
        self.extended = 0
        """How often the event under way went on because its program did."""

    @property
    def gathering(self) -> bool:
        """Whether an event is under way."""
        return self._operation is not None or bool(self._paths)

    @property
    def due_in(self) -> float:
        """Seconds until the event under way may be over."""
        return max(0.0, self._due - self._loop.time())

    def noticed(self) -> None:
        """Something changes, perhaps: see at once what the terminals are at, a fast program is gone in a moment."""
        if self.gathering or self._noticed is not None:
            return
        now = self._loop.time()
        self._noticed = (now, time.time())
        if now - self._asked >= _ASK_EVERY:
            self._asked = now
            self.stop()
            self._ask()

    def add(self, operation: Operation | None, changed: Mapping[str, float]) -> None:
        """What a look found: git's last operation, and when open documents were changed (Unix time), by path."""
        noticed, self._noticed = self._noticed or (self._loop.time(), time.time()), None
        if operation is None and not changed:
            return
        if not self.gathering:
            self._began = noticed
            self._first = noticed[0]
            self._ask()
        ago = time.time() - self._loop.time()
        self._first = min([self._first, *(at - ago for at in changed.values())])
        # A rebase is many operations in a row; a stash ends with a reset that changes no commit.
        known = self._operation
        if operation is not None and (known is None or operation.old != operation.new):
            self._operation = replace(operation, old=known.old if known else operation.old)
        self._paths.update(changed)
        self._due = self._loop.time() + PAUSE

    def stop(self) -> None:
        """Ask nothing more."""
        for asking in self._asking:
            asking.cancel()
        self._asking.clear()

    def _ask(self) -> None:
        self._asking.append(self._loop.create_task(_answer(self._around.at_work)))

    async def over(self, others: Iterable[str], repository_of: Callable[[str], str | None]) -> Told | None:
        """Return the event that is over, None while it goes on.

        `others` are paths that the server itself writes, `repository_of` is the repository that a path is in.
        """
        first = [one for asked in await asyncio.gather(*self._asking) for one in asked]
        last = await _answer(self._around.at_work)
        operation, paths, (began, wall) = self._operation, self._paths, self._began
        work = whose(first, last, began, git_as=operation.who if operation else None)
        now = next((one for one in last if work is not None and one.terminal == work.terminal), None)
        if now is not None and self._loop.time() < began + LONGEST and at_it(now, began, git=operation is not None):
            self._due = self._loop.time() + PAUSE
            self.extended += 1
            return None
        self.extended = 0
        self._operation, self._paths = None, set()
        self._asking.clear()
        sentence = ""
        files: int | None = None
        if operation is not None and operation.old != operation.new:
            files = await self._around.differing(operation.folder, operation.old, operation.new)
        if files is None and paths:
            files = await self._count(paths, set(others) - paths, wall, repository_of)
        # Of what comes out of the stash nothing says whether it went into the files or was thrown away.
        if operation is not None and (operation.who or paths):
            sentence = repository.sentence(operation, files, work.name if work else "", work.person if work else "")
        by_git = bool(sentence)
        if not sentence and files is not None and files > 1:
            seen = [one for one in (*first, *last) if work is not None and one.terminal == work.terminal]
            sentence = _changed(files, work, culprit(seen, self._first))
        return Told(sentence, by_git, wall - _SLACK, sorted(paths))

    async def _count(
        self, paths: set[str], others: set[str], since: float, repository_of: Callable[[str], str | None]
    ) -> int:
        """How many files were changed since then: the open ones at least."""
        changed = set(paths)
        for folder in {repository_of(path) for path in paths} - {None}:
            assert folder is not None
            files = await self._around.files(folder)
            if files is not None:
                changed |= await asyncio.to_thread(_changed_since, self._root, set(files) - others, since, paths)
        return len(changed)


async def _answer(at_work: Callable[[], Awaitable[list[Work]]]) -> list[Work]:
    with suppress(CoterieError, OSError):
        return await at_work()
    return []


def _changed(files: int, work: Work | None, name: str) -> str:
    if work is None:
        return f"Another program changed {files} files"
    return f"{name} changed {files} files in {work.name}" if name else f"{files} files changed in {work.name}"


def _changed_since(root: Root, paths: Iterable[str], since: float, known: Iterable[str]) -> set[str]:
    """Those of the files that were written, or renamed, from a Unix time on, or with those that are `known`. Blocks.

    On a busy machine much may be done by the time that it is noticed: what came just before another belongs to it.
    """
    folders: dict[str, list[str]] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        folders.setdefault(folder, []).append(name)
    times: dict[str, float] = {}
    for folder, names in folders.items():
        try:
            fd = root.open_folder(folder)
        except CoterieError:
            continue
        try:
            for name in names:
                with suppress(OSError):
                    # Not the time of modification: a program may set that to what it likes.
                    at = os.stat(name, dir_fd=fd, follow_symlinks=False).st_ctime
                    times[f"{folder}/{name}" if folder else name] = at
        finally:
            os.close(fd)
    since = min([since, *(times[path] for path in known if path in times)])
    found: set[str] = set()
    for path, at in sorted(times.items(), key=itemgetter(1), reverse=True):
        if at < since - _SLACK:
            break
        found.add(path)
        since = min(since, at)
    return found
