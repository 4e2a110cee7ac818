"""Which folders members are shown, and telling them when names come and go in those."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Coroutine, Iterable
from itertools import islice

from coterie.wire.errors import CoterieError
from coterie.wire.messages.files import FileEntry, FilesChanged
from coterie.workspace.files.inotify import Inotify
from coterie.workspace.files.listing import entries
from coterie.workspace.member import Member
from coterie.workspace.paths import Root, parts

log = logging.getLogger("coterie.workspace")

MOST_FOLDERS = 500
"""Folders that one member is told about."""

MOST_LISTED = 200
"""Listed folders that are remembered."""

WINDOW = 0.1
"""Seconds over which changes are gathered: a checkout touches a folder a thousand times."""

LOOK_EVERY = 2.0
"""Seconds between looks at every folder where the system does not tell of changes."""

Names = frozenset[tuple[str, bool]]
"""What a tree shows of a folder: names, and which of them are folders."""


class Watcher:
    """Watches the folders that somebody is shown. On the event loop's thread; reading folders runs on others."""

    def __init__(self, root: Root) -> None:
        self._root = root
        self._of_member: dict[Member, set[str]] = {}
        self._members: dict[str, set[Member]] = {}
        self._names: dict[str, Names] = {}
        """Of every folder that is watched, as members know it."""
        self._listed: dict[str, Names] = {}
        """Of folders that were listed and are not watched yet: what is different by then is told at once."""
        self._inotify: Inotify | None = None
        self._handles: dict[str, int] = {}
        self._changed: set[str] = set()
        self._looking: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopped = False

    def start(self) -> None:
        """Begin to watch."""
        try:
            self._inotify = Inotify(self._touched)
        except OSError as error:
            log.warning("folders are looked at every %g s: %r", LOOK_EVERY, error)
            self._later(LOOK_EVERY)

    def stop(self) -> None:
        """Let go of everything."""
        self._stopped = True
        if self._looking:
            self._looking.cancel()
        for task in self._tasks:
            task.cancel()
        if self._inotify:
            self._inotify.close()

    def watch(self, member: Member, folders: Iterable[str]) -> None:
        """Tell `member` about these folders from now on, and no others. Paths that are none are left out."""
        wanted: set[str] = set()
        for folder in islice(folders, MOST_FOLDERS):
            with contextlib.suppress(CoterieError):
                wanted.add("/".join(parts(folder)))
        before = self._of_member.pop(member, set())
        if wanted:
            self._of_member[member] = wanted
        for folder in before - wanted:
            watching = self._members[folder]
            watching.discard(member)
            if not watching:
                del self._members[folder]
                self._unwatch(folder)
        new = wanted - before
        for folder in new:
            self._members.setdefault(folder, set()).add(member)
        fresh = [folder for folder in new if folder not in self._names]
        if fresh:
            self._run(self._begin(fresh))

    async def _begin(self, folders: list[str]) -> None:
        # Watched before it is read: what changes in between is then seen twice, not missed.
        for folder in folders:
            if folder in self._members and folder not in self._handles:
                await self._watch_one(folder)
        known = {folder: self._listed.pop(folder) for folder in folders if folder in self._listed}
        for folder, names in (await asyncio.to_thread(self._read, folders)).items():
            if folder in self._members and self._names.setdefault(folder, known.get(folder, names)) != names:
                self._changed.add(folder)
                self._later(0)

    async def _watch_one(self, folder: str) -> None:
        if self._inotify is None:
            return
        try:
            descriptor = await asyncio.to_thread(self._root.open_folder, folder)
        except CoterieError:
            return
        try:
            if folder in self._members and not self._stopped:
                self._handles[folder] = self._inotify.add(descriptor)
        except OSError as error:
            log.warning("cannot watch a folder: %r", error)
        finally:
            os.close(descriptor)

    async def entries(self, folder: str) -> list[FileEntry]:
        """Return what is in a folder, remembered for who goes on to watch it. Raises CoterieError."""
        # Read before the entries: what comes in between is then told once too often, not missed.
        names = await asyncio.to_thread(self._read, [folder])
        found = await asyncio.to_thread(entries, self._root, folder)
        if folder not in self._names:
            if len(self._listed) >= MOST_LISTED:
                del self._listed[next(iter(self._listed))]
            self._listed.update(names)
        return found

    def _unwatch(self, folder: str) -> None:
        self._names.pop(folder, None)
        self._changed.discard(folder)
        handle = self._handles.pop(folder, None)
        # Two paths of one folder (through a link) share a handle.
        if handle is not None and self._inotify and handle not in self._handles.values():
            self._inotify.remove(handle)

    def _touched(self, handle: int | None) -> None:
        """Something happened in a folder; None: so much that it is not known where."""
        touched = [folder for folder, one in self._handles.items() if handle is None or one == handle]
        self._changed.update(touched)
        if touched:
            self._later(WINDOW)

    def _later(self, seconds: float) -> None:
        if self._looking is None and not self._stopped:
            self._looking = asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        self._looking = None
        changed = self._changed if self._inotify else set(self._members)
        self._changed = set()
        self._run(self._compare(list(changed)))
        if self._inotify is None:
            self._later(LOOK_EVERY)

    async def _compare(self, folders: list[str]) -> None:
        found = await asyncio.to_thread(self._read, folders)
        tell: dict[Member, list[str]] = {}
        for folder in folders:
            if folder not in self._members:
                continue
            names = found.get(folder, frozenset())
            if names != self._names.get(folder):
                self._names[folder] = names
                for member in self._members[folder]:
                    tell.setdefault(member, []).append(folder)
            if folder not in found:
                # It is gone: when it comes back, that is seen in the folder above, and the tab asks again.
                self._handles.pop(folder, None)
        for member, changed in tell.items():
            member.send(FilesChanged(sorted(changed)))

    def _read(self, folders: list[str]) -> dict[str, Names]:
        found: dict[str, Names] = {}
        for folder in folders:
            with contextlib.suppress(CoterieError, OSError):
                descriptor = self._root.open_folder(folder)
                try:
                    with os.scandir(descriptor) as names:
                        found[folder] = frozenset((name.name, name.is_dir(follow_symlinks=False)) for name in names)
                finally:
                    os.close(descriptor)
        return found

    def _run(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
