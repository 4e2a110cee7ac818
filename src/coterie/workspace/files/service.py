"""The service behind every File… message."""

from __future__ import annotations

import asyncio

from coterie.wire.errors import CoterieError, ErrorCode
from coterie.wire.messages import ClientMessage
from coterie.wire.messages.connection import Done
from coterie.wire.messages.files import (
    FileCreate,
    FileDelete,
    FileFind,
    FileFound,
    FileList,
    FileListing,
    FileMove,
    FileWatch,
)
from coterie.workspace.files import changes, listing
from coterie.workspace.files.find import Finder
from coterie.workspace.files.git import Git
from coterie.workspace.files.watch import Watcher
from coterie.workspace.member import Member
from coterie.workspace.paths import Root, parts
from coterie.workspace.processes import Spawner
from coterie.workspace.service import Handler

MOST_FOUND = 200
LONGEST_QUERY = 256


class Files:
    """The file tree of the workspace. A `Service`; blocking work runs on threads."""

    def __init__(self, root: Root, spawner: Spawner, shown: str) -> None:
        self._root = root
        self._git = Git(spawner, root, shown)
        self._finder = Finder(root, self._git)
        self._watcher = Watcher(root)

    def handlers(self) -> dict[type[ClientMessage], Handler]:
        """See `Service`."""
        return {
            FileList: self._list,
            FileWatch: self._watch,
            FileFind: self._find,
            FileCreate: self._create,
            FileMove: self._move,
            FileDelete: self._delete,
        }

    def joined(self, member: Member) -> None:
        """Nothing is sent before a tab says which folders it shows."""

    def left(self, member: Member) -> None:
        """See `Service`."""
        self._watcher.watch(member, [])

    def paused(self, member: Member) -> None:
        """Nothing to hold back: changes are few and small."""

    def resumed(self, member: Member) -> None:
        """See `paused`."""

    async def start(self) -> None:
        """See `Service`."""
        self._watcher.start()

    async def stop(self) -> None:
        """See `Service`."""
        self._watcher.stop()

    async def _list(self, member: Member, message: FileList) -> None:
        path = "/".join(parts(message.path))
        found = await self._watcher.entries(path)
        listing.mark_ignored(found, await self._git.ignored(path, [entry.name for entry in found]))
        member.send(FileListing(message.request, path, found))

    def _watch(self, member: Member, message: FileWatch) -> None:
        self._watcher.watch(member, message.folders)

    async def _find(self, member: Member, message: FileFind) -> None:
        if len(message.query) > LONGEST_QUERY:
            raise CoterieError(ErrorCode.TOO_BIG, "That is too long to look for.")
        limit = max(1, min(message.limit, MOST_FOUND))
        member.send(FileFound(message.request, await self._finder.find(message.query, limit)))

    async def _create(self, member: Member, message: FileCreate) -> None:
        await asyncio.to_thread(changes.create, self._root, message.path, message.folder)
        self._finder.stale()
        member.send(Done(message.request))

    async def _move(self, member: Member, message: FileMove) -> None:
        await asyncio.to_thread(changes.move, self._root, message.source, message.target)
        self._finder.stale()
        member.send(Done(message.request))

    async def _delete(self, member: Member, message: FileDelete) -> None:
        await asyncio.to_thread(changes.delete, self._root, message.path)
        self._finder.stale()
        member.send(Done(message.request))
