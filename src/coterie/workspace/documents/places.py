"""Where documents that are not open belong: which one is at a path, and where the file of one went.

A file that is at the path of its document is that document's. Else it takes its document along when that one's own path
is empty or has another document's file; also onto the path of another document, which goes on where its own file is, or
else as a version with a name. Where a path with a document has a file that no other one brings along, another program
changed it. That a file is a document's is sure by inode and time of birth, whatever is in it; where births are not
known, its bytes must also be some that the document's file had.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Container, Mapping

from coterie.wire.errors import CoterieError
from coterie.workspace.documents import disk, moves, opening
from coterie.workspace.documents.catalogue import Catalogue
from coterie.workspace.documents.disk import Stamp
from coterie.workspace.documents.history import History, Kind
from coterie.workspace.documents.store import Disk, Store
from coterie.workspace.paths import Root

log = logging.getLogger(__name__)


class Places:
    """Places the documents of a catalogue. `is_open` holds the paths of those that are open or about to be.

    `closing`: by identity, what ends when a document's log is closed.
    """

    def __init__(
        self,
        root: Root,
        catalogue: Catalogue,
        history: History,
        is_open: Container[str],
        closing: Mapping[str, Awaitable[None]],
    ) -> None:
        self._root = root
        self._catalogue = catalogue
        self._history = history
        self._is_open = is_open
        self._closing = closing
        self._one = asyncio.Lock()
        """One after the other: each must find what the one before decided."""

    async def at(self, path: str, stamp: Stamp) -> str:
        """Return the identity of the document at `path`, where a file is and which is not open."""
        async with self._one:
            return await self._at(path, stamp)

    async def where(self, path: str, epoch: str) -> str:
        """Return where the document is that somebody had open at `path`, with the history `epoch`.

        That is where its file is, also when another one is at `path` by now, or was when it is nowhere; `path` itself
        where that is not known, or another document's file is there.
        """
        known = self._catalogue.with_history(epoch)
        if known is not None and known[1] in self._is_open:
            return known[1]
        async with self._one:
            known = self._catalogue.with_history(epoch)
            if known is None and path not in self._is_open and await self._stamp(path) is None:
                known = self._catalogue.last_at(path)
            if known is None:
                return path
            identity, now = known
            if now in self._is_open:
                return now
            stamp = await self._stamp(now)
            if stamp is not None:
                # It may be another document's file, and this one's is elsewhere.
                await self._at(now, stamp)
                return (self._catalogue.with_history(epoch) or known)[1]
            found = await self._find(identity, now)
            if found is None:
                return now
            if found in self._is_open or not await self.make_room(found, identity):
                return path
            self.move(identity, found)
            return found

    async def make_room(self, path: str, identity: str) -> bool:
        """Whether a document may be moved to `path`: one that is there, and not open, is moved or made a version of it.

        Not when the file there is that document's.
        """
        here = self._catalogue.find(path)
        if here is None or here == identity:
            return True
        stamp = await self._stamp(path)
        if stamp is not None and self._has(here, stamp):
            return False
        where = await self._find(here, path)
        if where is not None and where not in self._is_open and self._catalogue.find(where) is None:
            self.move(here, where)
            return True
        while (closing := self._closing.get(here)) is not None:
            await closing
        return await self._keep(here, path)

    async def held(self, identity: str, path: str) -> bytes:
        """Return the digest of what a document's file held when it was last the document's; b"": not known.

        After a save that was cut short, the two files tell whether it was done. They change names in one step: if the
        old one still has a name, anywhere, it was not. Where neither has one it was, all but certainly. A file that was
        overwritten in place tells nothing.
        """
        (old, digest), *saving = self._catalogue.held(identity)
        for new, written in saving:
            if old == new or not (old.born and new.born):
                return b""
            if (
                await asyncio.to_thread(moves.find, self._root, path, new, b"") is not None
                or await asyncio.to_thread(moves.find, self._root, path, old, b"") is None
            ):
                return written
        return digest

    def move(self, identity: str, path: str) -> None:
        """A document is at `path` now, and the versions of one that was there are its own."""
        replaced = self._catalogue.find(path)
        if replaced is not None and replaced != identity:
            self._history.join(replaced, identity)
        self._catalogue.move(identity, path)

    async def _at(self, path: str, stamp: Stamp) -> str:
        here = self._catalogue.find(path)
        if here is not None and self._has(here, stamp):
            return here
        for identity, old in self._catalogue.by_file(stamp):
            there = await self._stamp(old)
            if there is None and old not in self._is_open and await self._is_file_of(identity, path, stamp):
                if await self.make_room(path, identity):
                    self.move(identity, path)
                    return identity
            elif here is None and there is not None and stamp.born and not self._has(identity, there):
                if old not in self._is_open and self._catalogue.by_file(there):
                    # Another document's file, which brings that along.
                    self.move(identity, path)
                    return identity
                # A file that nobody knows goes on as that document: this one begins with its versions.
                return self._branch(path, stamp, identity, self._history.last(identity))
        if here is not None:
            self._note_replaced(here)
            return here
        former = self._catalogue.former(stamp)
        return self._branch(path, stamp, *former) if former else self._catalogue.add(path, stamp)

    async def _find(self, identity: str, path: str) -> str | None:
        """Where a document's file is; `path` is where it was."""
        for file in self._catalogue.files(identity):
            found = await asyncio.to_thread(moves.find, self._root, path, file, b"")
            if found is not None and await self._is_file_of(identity, found, file):
                return found
        return None

    async def _stamp(self, path: str) -> Stamp | None:
        return await asyncio.to_thread(disk.stamp, self._root, path)

    def _has(self, identity: str, stamp: Stamp) -> bool:
        """Whether a document's file, or the one it was about to have, has this inode and birth."""
        return any((one.inode, one.born) == (stamp.inode, stamp.born) for one in self._catalogue.files(identity))

    async def _is_file_of(self, identity: str, path: str, stamp: Stamp) -> bool:
        """Whether the file at `path`, which has a document's inode, is that document's: inodes are soon used again."""
        return bool(stamp.born) or await asyncio.to_thread(self._held, identity, path)

    def _held(self, identity: str, path: str) -> bool:
        try:
            now = disk.read(self._root, path).digest
            records = Store(self._catalogue.folder(identity) / "log").read()
        except (CoterieError, OSError):
            return False
        return any(isinstance(record, Disk) and record.digest == now for record in records)

    async def _keep(self, identity: str, path: str) -> bool:
        """Keep what a document's log holds as a version; whether all of it is kept."""
        store = Store(self._catalogue.folder(identity) / "log")
        try:
            opened = await asyncio.to_thread(opening.recall, self._root, path, store)
            name = f"{path.rpartition('/')[2]} before another file took its place"
            self._history.add(identity, opened.history.replica.text, Kind.KEPT, name=name)
        except CoterieError:
            # No log that could be read: nothing to keep.
            return True
        except sqlite3.Error as error:
            log.warning("a version was not kept: %s", error)
            return False
        finally:
            store.close()
        return True

    def _branch(self, path: str, stamp: Stamp, identity: str, version: int) -> str:
        """A new document that begins with the versions of another one up to `version`."""
        new = self._catalogue.add(path, stamp)
        try:
            self._history.copy(identity, new, version)
        except sqlite3.Error as error:
            log.warning("the history of a renamed file was not kept: %s", error)
        return new

    def _note_replaced(self, identity: str) -> None:
        """Another file is where a document's file was: that one may turn up elsewhere, and has the same versions."""
        for file in self._catalogue.files(identity):
            self._catalogue.replaced(identity, file.inode, file.born, self._history.last(identity))
