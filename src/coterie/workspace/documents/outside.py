"""What other programs do to the files of open documents: noticed, taken in, followed, and named.

Folders of open documents are watched; where the system does not tell of changes they are looked at. While git holds its
lock nothing is taken in, so that a checkout of many files is one event with git's own name for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace

from coterie.wire.errors import CoterieError
from coterie.wire.messages.connection import Notice
from coterie.workspace.documents import moves, repository
from coterie.workspace.documents.document import Document, Seen
from coterie.workspace.documents.history import Kind
from coterie.workspace.documents.repository import Operation, Repository
from coterie.workspace.files.inotify import Inotify
from coterie.workspace.paths import Root

log = logging.getLogger(__name__)

GATHER = 0.06
"""Seconds over which changes are gathered."""

LOOK_EVERY = 2.0
"""Seconds between looks at every open file, for changes that nothing tells of (a network file system, say)."""

LONGEST_LOCK = 10.0
"""Seconds that git's lock is waited for; an older one was left behind by a git that died."""

MISSING_FOR = 0.3
"""Seconds for which a file must be missing before it counts as moved or deleted: programs that save by renaming leave
such a gap."""


EVENT_PAUSE = 0.4
"""Seconds without a change that end an event."""

Count = Callable[[str, str, str], Awaitable[int | None]]
"""How many files differ between two commits of the repository in a folder, None when that is not known."""


class Outside:
    """Follows the files of the documents that `documents` returns.

    `moved` is called before a document takes its new path and may refuse it, `notice` brings a sentence to everyone.
    """

    def __init__(
        self,
        root: Root,
        documents: Callable[[], Iterable[Document]],
        moved: Callable[[Document, str], Awaitable[bool]],
        notice: Callable[[Notice], None],
        count: Count,
    ) -> None:
        self._root = root
        self._documents = documents
        self._moved = moved
        self._notice = notice
        self._count = count
        self._inotify: Inotify | None = None
        self._handles: dict[str, int] = {}
        self._repositories: dict[str, Repository] = {}
        self._repository_of: dict[str, str | None] = {}
        self._wake = asyncio.Event()
        self._missing: dict[int, float] = {}
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None
        self._event: Operation | None = None
        self._event_paths: set[str] = set()
        self._event_due = 0.0

    def start(self) -> None:
        """Begin to watch."""
        with contextlib.suppress(OSError):
            self._inotify = Inotify(lambda _handle: self._wake.set(), contents=True)
        self._task = self._loop.create_task(self._run())

    async def stop(self) -> None:
        """Let go of everything."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._inotify is not None:
            self._inotify.close()
            self._inotify = None

    async def follow(self) -> None:
        """The open documents are others now: watch their folders and repositories."""
        folders: set[str] = set()
        repositories: set[str] = set()
        for document in list(self._documents()):
            folder = document.path.rpartition("/")[0]
            folders.add(folder)
            if folder not in self._repository_of:
                self._repository_of[folder] = await asyncio.to_thread(repository.find, self._root, document.path)
            found = self._repository_of[folder]
            if found is not None:
                repositories.add(found)
                folders.add(f"{found}/.git" if found else ".git")
        for gone in self._repositories.keys() - repositories:
            del self._repositories[gone]
        for new in repositories - self._repositories.keys():
            self._repositories[new] = await asyncio.to_thread(Repository, self._root, new)
        self._watch(folders)

    async def look(self) -> None:
        """Take in what other programs changed since the last look."""
        if not await self._git_is_done():
            log.warning("git holds its lock for long: its changes are taken in one by one")
        operation = await asyncio.to_thread(self._operation)
        kind, name = (Kind.EVENT, f"Before: {operation.what}") if operation else (Kind.OVERWRITTEN, "")
        changed: list[str] = []
        for document in list(self._documents()):
            try:
                seen = await document.look(kind, name)
            except Exception:
                log.exception("looking at %s", document.path)
                continue
            if seen is Seen.MISSING:
                await self._not_there(document)
                continue
            self._missing.pop(document.number, None)
            if seen is Seen.CHANGED:
                changed.append(document.path)
        self._gather(operation, changed)

    async def _git_is_done(self) -> bool:
        """Wait until git let go of its lock, and wrote its log after that. False when it never does."""
        deadline = self._loop.time() + LONGEST_LOCK
        waited = False
        while await asyncio.to_thread(self._git_is_busy):
            if self._loop.time() > deadline:
                return False
            waited = True
            await asyncio.sleep(GATHER)
        if waited:
            await asyncio.sleep(2 * GATHER)
        return True

    def _gather(self, operation: Operation | None, changed: list[str]) -> None:
        """One event is what happens without a pause: a rebase is many operations in a row."""
        if operation is not None:
            first = self._event.old if self._event else operation.old
            self._event = replace(operation, old=first)
        if operation is not None or changed:
            self._event_paths.update(changed)
            self._event_due = self._loop.time() + EVENT_PAUSE

    async def _tell(self) -> None:
        event, self._event = self._event, None
        paths, self._event_paths = sorted(self._event_paths), set()
        if event is not None:
            files = await self._count(event.folder, event.old, event.new) if event.old != event.new else None
            sentence = repository.sentence(event, files)
            if sentence is not None:
                self._notice(Notice("git", sentence, paths))
        elif len(paths) > 1:
            self._notice(Notice("files", f"Another program changed {len(paths)} open files", paths))

    async def _run(self) -> None:
        while True:
            waiting = MISSING_FOR if self._missing else LOOK_EVERY
            gathering = self._event is not None or self._event_paths
            if gathering:
                waiting = min(waiting, max(0.0, self._event_due - self._loop.time()))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(waiting):
                    await self._wake.wait()
                    await asyncio.sleep(GATHER)
            self._wake.clear()
            try:
                await self.look()
                if gathering and self._loop.time() >= self._event_due:
                    await self._tell()
            except Exception:
                log.exception("looking at what other programs did")

    async def _not_there(self, document: Document) -> None:
        now = self._loop.time()
        since = self._missing.setdefault(document.number, now)
        if document.gone or now - since < MISSING_FOR:
            return
        del self._missing[document.number]
        where = await asyncio.to_thread(moves.find, self._root, document.path, document.stamp, document.digest)
        if where is not None and await self._moved(document, where):
            document.moved(where)
            await self.follow()
        else:
            document.lost()

    def _git_is_busy(self) -> bool:
        return any(one.busy for one in self._repositories.values())

    def _operation(self) -> Operation | None:
        """What git did since this was last asked."""
        done: Operation | None = None
        for one in list(self._repositories.values()):
            done = one.operation() or done
        return done

    def _watch(self, folders: set[str]) -> None:
        if self._inotify is None:
            return
        for gone in self._handles.keys() - folders:
            handle = self._handles.pop(gone)
            if handle not in self._handles.values():
                self._inotify.remove(handle)
        for new in folders - self._handles.keys():
            with contextlib.suppress(CoterieError, OSError):
                descriptor = self._root.open_folder(new)
                try:
                    self._handles[new] = self._inotify.add(descriptor)
                finally:
                    os.close(descriptor)
