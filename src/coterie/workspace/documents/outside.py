"""What other programs do to the files of open documents: noticed, taken in, followed, and named.

Folders of open documents are watched; where the system does not tell of changes they are looked at. While git holds its
lock nothing is taken in, so that a checkout of many files is one event with git's own name for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from typing import Protocol

from coterie.wire.errors import CoterieError
from coterie.workspace.documents import moves, repository
from coterie.workspace.documents.disk import Stamp
from coterie.workspace.documents.document import Document, Seen
from coterie.workspace.documents.events import Around, Events, Told
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


class Owner(Protocol):
    """Who has the documents, and is told what became of their files."""

    @property
    def open_documents(self) -> list[Document]:
        """The documents to follow."""
        ...

    def has(self, document: Document) -> bool:
        """Whether a document is still among them."""
        ...

    async def moved(self, document: Document, path: str) -> bool:
        """A document's file is at another path: so is the document, unless this returns False."""
        ...

    def replaced(self, document: Document, was: Stamp) -> None:
        """Another file is where a document's file was."""
        ...

    def tell(self, event: Told) -> None:
        """An event is over."""
        ...


class Outside:
    """Follows the files of the documents of `owner`."""

    def __init__(self, root: Root, owner: Owner, around: Around) -> None:
        self._root = root
        self._owner = owner
        self._inotify: Inotify | None = None
        self._handles: dict[str, int] = {}
        self._repositories: dict[str, Repository] = {}
        self._repository_of: dict[str, str | None] = {}
        self._wake = asyncio.Event()
        self._missing: dict[int, float] = {}
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None
        self._events = Events(root, around)

    def start(self) -> None:
        """Begin to watch."""
        with contextlib.suppress(OSError):
            self._inotify = Inotify(self._touched, contents=True)
        self._task = self._loop.create_task(self._run())

    async def stop(self) -> None:
        """Let go of everything."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._events.stop()
        if self._inotify is not None:
            self._inotify.close()
            self._inotify = None

    async def follow(self) -> None:
        """The open documents are others now: watch their folders and repositories."""
        folders: set[str] = set()
        repositories: set[str] = set()
        for document in self._owner.open_documents:
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
            known = await asyncio.to_thread(Repository, self._root, new)
            # Where another document was opened meanwhile, the earlier one may know of what git did since.
            self._repositories.setdefault(new, known)
        self._watch(folders)

    async def look(self) -> None:
        """Take in what other programs changed since the last look."""
        if not await self._git_is_done():
            log.warning("git holds its lock for long: its changes are taken in one by one")
        operation = await asyncio.to_thread(self._operation)
        kind, name = (Kind.EVENT, operation.what) if operation else (Kind.OVERWRITTEN, "")
        await self._follow_onto()
        changed: dict[str, float] = {}
        for document in self._owner.open_documents:
            if not self._owner.has(document):
                # Another one took its place just now.
                continue
            was = document.stamp
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
                changed[document.path] = document.stamp.modified / 1e9
                if self._owner.has(document) and not moves.same_file(was, document.stamp):
                    self._owner.replaced(document, was)
        self._events.add(operation, changed)

    async def tell(self) -> None:
        """Tell of the event under way, if it is over."""
        told = await self._events.over([one.path for one in self._owner.open_documents], self._repository)
        if told is not None:
            self._owner.tell(told)

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

    async def _run(self) -> None:
        while True:
            waiting = MISSING_FOR if self._missing else LOOK_EVERY
            gathering = self._events.gathering
            if gathering:
                waiting = min(waiting, self._events.due_in)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(waiting):
                    await self._wake.wait()
                    await asyncio.sleep(GATHER)
            self._wake.clear()
            try:
                await self.look()
                if gathering and not self._events.due_in:
                    await self.tell()
            except Exception:
                log.exception("looking at what other programs did")

    async def _not_there(self, document: Document) -> None:
        now = self._loop.time()
        since = self._missing.setdefault(document.number, now)
        if document.gone or now - since < MISSING_FOR:
            return
        del self._missing[document.number]
        where = await asyncio.to_thread(moves.find, self._root, document.path, document.stamp, document.digest)
        if where is not None and await self._owner.moved(document, where):
            await self.follow()
        else:
            document.lost()

    async def _follow_onto(self) -> None:
        """Follow files that were moved onto others that are open; one that made room for another goes first."""
        documents = {one.path: one for one in self._owner.open_documents if not one.gone}
        known = {path: one.stamp for path, one in documents.items()}
        found = await asyncio.to_thread(moves.onto, self._root, known) if len(known) > 1 else []
        for source, target in found:
            displaced = documents[target]
            if displaced.path == target:
                only_it = displaced.stamp._replace(size=0)
                where = await asyncio.to_thread(moves.find, self._root, target, only_it, b"")
                if where is not None:
                    await self._owner.moved(displaced, where)
            await self._owner.moved(documents[source], target)
        if found:
            await self.follow()

    def _touched(self, _handle: int | None) -> None:
        if not self._wake.is_set():
            self._wake.set()
            self._events.noticed()

    def _repository(self, path: str) -> str | None:
        return self._repository_of.get(path.rpartition("/")[0])

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
