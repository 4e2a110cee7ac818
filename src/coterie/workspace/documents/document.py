"""One open document: its room, its log and its file, kept in agreement."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any, Protocol

from msgspec.structs import replace

from coterie.wire.closing import Closing
from coterie.wire.errors import CoterieError, ErrorCode
from coterie.wire.messages.documents import DocumentGone, DocumentMoved, DocumentReset, DocumentSaved
from coterie.workspace.documents import disk, encoding, epoch, forks, moves, opening
from coterie.workspace.documents.disk import ChangedError, Content, Stamp
from coterie.workspace.documents.forks import Fork, fork
from coterie.workspace.documents.history import EVERY, Kind, Packed
from coterie.workspace.documents.rebase import rebase
from coterie.workspace.documents.replica import BrokenError, Replica
from coterie.workspace.documents.room import Room
from coterie.workspace.documents.store import Author, Disk, Epoch, Rebased, Record, Shape, State, Store, Updates, pack
from coterie.workspace.documents.text import Edit, edits
from coterie.workspace.member import Member
from coterie.workspace.paths import Root, problem

log = logging.getLogger(__name__)

PAUSE = 0.5
"""Seconds without an edit after which the text is saved."""

LONGEST = 5.0
"""Seconds after which it is saved although people go on typing."""

LARGE = 256 << 10
"""Bytes of a document's state beyond which waking up would be felt."""

RETRY = 5.0
"""Seconds between attempts to save while saving fails."""

UNEXPLAINED = 3600.0
"""Seconds in which a page is believed once that its text is another than the one here, when nothing shows why."""

_ATTEMPTS = 4
"""Saves that are remembered until one is known to have ended."""

_REBASES = 100
"""Rebases that are remembered."""


class Keeper(Protocol):
    """Keeps what belongs to a document and is not in its log: versions, and which file it is."""

    def version(self, text: str | Packed, kind: Kind, *, name: str = "", authors: tuple[str, ...] = ()) -> int:
        """Keep a text as a version and return its number, 0 when that failed."""
        ...

    def began(self, epoch: str) -> None:
        """The document has this history."""
        ...

    def file(self, stamp: Stamp, digest: bytes) -> None:
        """The document's file is this one now, with bytes of this digest."""
        ...

    def saving(self, stamp: Stamp, digest: bytes) -> None:
        """The document's file is about to be this one. Blocks, called on another thread."""
        ...


class Seen(Enum):
    """What a look at a file found."""

    SAME = "same"
    CHANGED = "changed"
    MISSING = "missing"


@dataclass(frozen=True)
class Written:
    """What a save writes: the text, the document that has it, after how many changes, and how it is written."""

    text: str
    state: bytes
    changes: int
    style: encoding.Format


class Document:
    """Joins the room, the log and the file of one path. Made by `load`."""

    __slots__ = (
        "_attempts", "_base", "_closed", "_first_change", "_keeper", "_kept_at", "_last_change", "_lock", "_loop",
        "_mode", "_rebasing", "_root", "_saved_changes", "_shape", "_store", "_syncing", "_tasks", "_text", "_timer",
        "_unexplained",
        "digest", "gone", "number", "path", "problem", "rebased", "room", "stamp", "style",
    )  # fmt: skip

    def __init__(
        self, root: Root, path: str, number: int, store: Store, opened: opening.Opened, keeper: Keeper
    ) -> None:
        history, content, text = opened.history, opened.content, opened.text
        self.path = path
        self.number = number
        self.style = opened.style
        self.stamp: Stamp = content.stamp
        self.gone = False
        self.problem = ""
        """Why the text is not on disk, a sentence; empty while all is well."""
        self.rebased = history.rebased
        self._root = root
        self._store = store
        self.digest = content.digest
        """Of the file's bytes as last read or written."""
        self._mode = content.mode
        """Of the file, when it was last read or written."""
        self._shape = history.shape
        """What the log says about `style` and `_mode`."""
        self._text = text
        """The text in the file, and `_base` the document that has it."""
        self._base = history.base
        self._saved_changes = 0
        self._lock = asyncio.Lock()
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: dict[asyncio.Task[None], None] = {}
        self._first_change = 0.0
        self._last_change = self._loop.time()
        self._kept_at: float | None = None
        """When the last version was made, None before the first since the document was opened."""
        self._keeper = keeper
        self._attempts: dict[bytes, Written] = {}
        """By digest: what the file may hold since saves whose end nobody heard of."""
        self._closed = False
        self._unexplained: float | None = None
        """When a new history was begun last because a page said that its text is another, and nothing showed why."""
        self._rebasing = asyncio.Lock()
        self._syncing = asyncio.Lock()
        self.room = self._room(history)
        self._note_shape()
        if self.room.replica.text != text:
            self.room.changes = 1
            self._on_change()

    @classmethod
    async def load(
        cls,
        root: Root,
        path: str,
        number: int,
        store: Store,
        keeper: Keeper,
        *,
        deleted: bool = False,
        held: bytes = b"",
    ) -> Document:
        """Read file and log. With `deleted` there is no file: the text is what the log holds.

        `held`: the digest of what the document's file held last, b"" when that is not known.

        Raises CoterieError when there is no text file that can be edited.
        """
        try:
            if deleted:
                opened = await asyncio.to_thread(opening.recall_or_begin, root, path, store)
            else:
                opened = await asyncio.to_thread(opening.read, root, path, store, held)
        except CoterieError:
            store.close()
            raise
        if opened.history.overwritten is not None:
            # What a wrong guess takes out of the text is to be found.
            name = f"{path.rpartition('/')[2]} before another program changed it" if opened.history.doubtful else ""
            keeper.version(opened.history.overwritten, Kind.OVERWRITTEN, name=name)
        document = cls(root, path, number, store, opened, keeper)
        document.gone = deleted
        return document

    @property
    def dirty(self) -> bool:
        """Whether the file lacks something."""
        return self.room.changes != self._saved_changes

    async def save(self) -> None:
        """Bring the text into the file, merging what another program wrote meanwhile."""
        async with self._lock:
            self._cancel_timer()
            while self.dirty and not self.gone and not self._closed:
                if not await self._save():
                    self._timer = self._loop.call_later(RETRY, self._due)
                    return

    async def look(self, kind: Kind = Kind.OVERWRITTEN, name: str = "") -> Seen:
        """See whether another program changed the file and take that in; `kind` and `name` of the version before."""
        async with self._lock:
            if self._closed:
                return Seen.SAME
            stamp = await asyncio.to_thread(disk.stamp, self._root, self.path)
            if stamp is None:
                return Seen.MISSING
            if stamp == self.stamp and not self.gone:
                return Seen.SAME
            try:
                content = await asyncio.to_thread(disk.read, self._root, self.path)
            except CoterieError as error:
                if error.code is ErrorCode.NOT_FOUND:
                    return Seen.MISSING
                self._tell_problem(error.sentence)
                return Seen.SAME
            self._set_gone(gone=False)
            changed = await self._take_in(content, kind, name)
            if self.dirty and self._timer is None:
                # Typed while there was no file.
                self._on_change()
            return Seen.CHANGED if changed else Seen.SAME

    def moved(self, path: str) -> None:
        """The file is at another path now."""
        self.path = path
        self.room.tell(DocumentMoved(self.number, path))

    def lost(self) -> None:
        """The file is nowhere: keep the text, save nothing."""
        self._set_gone(gone=True)

    async def restore(self) -> None:
        """Write the file of a lost document again. Raises CoterieError."""
        async with self._lock:
            if not self.gone:
                return
            data, digest, written = await self._about_to_write()
            try:
                done = await asyncio.to_thread(
                    disk.replace,
                    self._root,
                    self.path,
                    data,
                    None,
                    b"",
                    self._store.journal,
                    partial(self._keeper.saving, digest=digest),
                    self._mode,
                )
            except OSError as error:
                raise problem(error, self.path) from error
            self._saved(written, digest, done.stamp)
            self._set_gone(gone=False)

    def keep(self, kind: Kind, name: str = "") -> int:
        """Keep the text there is now as a version; return its number, 0 when that failed."""
        self._kept_at = self._loop.time()
        return self._keeper.version(self.room.replica.text, kind, name=name, authors=self.room.take_writers())

    async def _keep(self, kind: Kind, name: str = "") -> None:
        """The same by way of another thread: nobody waits for a long text to be packed."""
        self._kept_at = self._loop.time()
        text, authors = self.room.replica.text, self.room.take_writers()
        self._keeper.version(await _packed(text), kind, name=name, authors=authors)

    async def rebase(self, identity: str, base: str, mine: str, author: Author) -> Rebased:
        """Carry over what `author` typed on a copy with another history; once, however often it is asked for.

        When something of their text is left out, it is kept, whole, as a version with a name; so it is when the text
        would become too long. Raises BrokenError, CoterieError(UNAVAILABLE).
        """
        # One after the other: each must see what the one before carried over.
        async with self._rebasing:
            if identity in self.rebased:
                return self.rebased[identity]
            too_long = ""
            try:
                text = await self._change(lambda now: rebase(base, mine, now).edits, author)
                # Not only what did not fit: what this history never had is kept too.
                left = await asyncio.to_thread(lambda: any(edit.text.strip() for edit in edits(text, mine)))
            except CoterieError as error:
                if error.code is not ErrorCode.TOO_BIG:
                    raise
                left, too_long = True, error.sentence
            version, name = 0, ""
            if left:
                name = f"{author.name}'s text of {time.strftime('%Y-%m-%d %H:%M')}"
                version = self._keeper.version(mine, Kind.KEPT, name=name, authors=(author.name,))
                if not version:
                    raise CoterieError(
                        ErrorCode.UNAVAILABLE, "Your text could not be kept as a version. It stays here."
                    )
            done = self.rebased[identity] = Rebased(identity, version, name, too_long)
            self.room.note(done)
            return done

    async def _change(self, find: Callable[[str], list[Edit]], author: Author) -> str:
        """Make edits that take long to find, on a fork and another thread; return the fork's text with them."""
        while True:
            room = self.room
            made = await asyncio.to_thread(fork, room.replica.state, find)
            if self._closed:
                raise CoterieError(ErrorCode.UNAVAILABLE, "The document was closed meanwhile. Open it again.")
            async with self._lock:
                if room is self.room:
                    if made.growth > 0 and room.replica.size + made.growth > encoding.MAX_TEXT:
                        raise encoding.too_long()
                    try:
                        await self._take_all(made, author)
                    except OSError as error:
                        raise problem(error, self.path) from error
                    return made.text

    async def _take_all(self, made: Fork, author: Author | None = None, *, file: Disk | None = None) -> None:
        """Let everyone have what was made on a fork; `file` is what the file has with it. Raises OSError."""
        authors = [replace(author, client=client) for client, _ in made.portions] if author else []
        updates = [Updates([update]) for _, update in made.portions]
        # What the file has stands first: of a log cut short in between, the rest follows from it.
        room = self.room
        records: list[Record] = [*([file] if file else []), *dict.fromkeys(authors), *updates]
        room.log(await asyncio.to_thread(_logged, records) if file else _logged(records))
        # And on the medium before anybody sees it: were the log without it after a cut of power, the file would be
        # compared once more, or a page bring the same text again, and others what they saw of the first time.
        await self.sync()
        if room is not self.room:
            raise OSError(errno.EAGAIN, "a new history began meanwhile")
        for index, (_, update) in enumerate(made.portions):
            if index:
                await asyncio.sleep(0)  # others are heard
            self.room.take(update, authors[index] if authors else None)

    async def sync(self) -> None:
        """Bring the log onto the medium."""
        # Whoever comes while it is under way waits for it: a save must not be ahead of the log.
        async with self._syncing:
            if self._store.unsynced:
                try:
                    await asyncio.to_thread(self._store.sync)
                except OSError as error:
                    log.warning("synchronising the log of %s: %s", self.path, error)

    async def compact(self) -> None:
        """Rewrite the log as short as it can be. A failure leaves the old one."""
        # Not while a save is under way: the new log would not know what the file is about to hold.
        async with self._lock:
            self.room.flush()
            self._store.begin_compaction()
            records = self._compacted()
            written = False
            try:
                await asyncio.to_thread(lambda: self._store.write_compacted(_logged(records)))
                written = True
            except OSError as error:
                log.warning("compacting the log of %s: %s", self.path, error)
            try:
                self._store.end_compaction(written=written)
            except OSError as error:
                log.warning("compacting the log of %s: %s", self.path, error)

    @property
    def awake(self) -> bool:
        """Whether `rest` may give anything back."""
        return self._store.awake or self.room.replica.awake

    @property
    def last_change(self) -> float:
        """When the document was loaded or its text last changed, in the event loop's time."""
        return self._last_change

    def rest(self, *, large: bool) -> bool:
        """Give back what nobody needs while nothing happens here: the open log, and of the document all but its state.

        A large one only with `large`: it takes long to wake up. Returns whether anything was given back.
        """
        if self.dirty or self._lock.locked() or self._rebasing.locked() or self._syncing.locked():
            return False
        self._store.rest()
        try:
            state = self.room.replica.state
            if len(state) > LARGE and not large:
                return False
            # Of equal bytes one copy is enough.
            if self._base == state:
                self._base = state
            return self.room.rest()
        except BrokenError:
            self._broken(None)
            return False

    async def close(self) -> None:
        """Save and let go of everything."""
        await self.save()
        if self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        async with self._lock:
            self._closed = True
        self.room.close()
        self._cancel_timer()
        if self._store.bloated:
            await self.compact()
        await self.sync()
        self._store.close()

    async def drop(self) -> None:
        """Let go of everything without writing another byte, as a killed process does."""
        self._cancel_timer()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.room.abandon()
        self._store.close()

    # Saving

    async def _save(self) -> bool:
        try:
            known, old_base, old_text = self.stamp, self._base, self._text
            data, digest, written = await self._about_to_write()
        except BrokenError:
            self._broken(None)
            return False
        try:
            done = await asyncio.to_thread(
                disk.replace,
                self._root,
                self.path,
                data,
                known,
                self.digest,
                self._store.journal,
                partial(self._keeper.saving, digest=digest),
            )
            self._mode = done.mode
        except ChangedError as changed:
            await self._take_in(changed.content)
            return not self.problem
        except CoterieError as error:
            if error.code is ErrorCode.NOT_FOUND:
                # Who watches the files finds out whether it was moved or deleted.
                return False
            self._tell_problem(error.sentence)
            return False
        except OSError as error:
            self._tell_problem(problem(error, self.path).sentence)
            return False
        if self._kept_at is None:
            self._keeper.version(await _packed(old_text), Kind.TYPED)
            self._kept_at = self._loop.time() - EVERY
        self._saved(written, digest, done.stamp)
        if self._loop.time() - self._kept_at >= EVERY:
            await self._keep(Kind.TYPED)
        if done.displaced is not None:
            await self._merge(done.displaced, old_base, old_text)
        return True

    async def _about_to_write(self) -> tuple[bytes, bytes, Written]:
        """Return the bytes of the text there is now, their digest and what they are. Raises BrokenError."""
        room = self.room
        text, state, changes = room.replica.text, room.replica.state, room.changes
        if len(text) > LARGE:
            data, style, digest = await asyncio.to_thread(_encoded, text, self.style)
        else:
            data, style, digest = _encoded(text, self.style)
        written = self._attempts[digest] = Written(text, state, changes, style)
        while len(self._attempts) > _ATTEMPTS:
            del self._attempts[next(iter(self._attempts))]
        room.flush()
        # With its state: more may have been typed since.
        room.note(Disk(digest, written=False, state=b"" if changes == room.changes else state))
        # The log goes to the medium first: whatever the file holds after a power cut, the log knows of.
        await self.sync()
        return data, digest, written

    def _saved(self, written: Written, digest: bytes, stamp: Stamp) -> None:
        self._text, self._base, self.style = written.text, written.state, written.style
        self._set_stamp(stamp, digest)
        self._saved_changes = written.changes
        self._attempts.clear()
        self.problem = ""
        self._note_shape()
        self.room.note(Disk(digest, state=b"" if written.changes == self.room.changes else written.state))
        if not self.dirty:
            self.room.tell(DocumentSaved(self.number, saved=True))

    def _set_stamp(self, stamp: Stamp, digest: bytes) -> None:
        if not moves.same_file(stamp, self.stamp) or digest != self.digest:
            self._keeper.file(stamp, digest)
        self.stamp, self.digest = stamp, digest

    def _note_shape(self) -> None:
        """Put into the log how the file is written, when that changed."""
        style = self.style
        shape = Shape(style.encoding, style.bom, style.ending, style.marks, self._mode)
        if shape != self._shape:
            self._shape = shape
            self.room.note(shape)

    def _tell_problem(self, sentence: str) -> None:
        if sentence != self.problem:
            self.problem = sentence
            self.room.tell(DocumentSaved(self.number, saved=False, problem=sentence))

    # Other programs' changes

    async def _take_in(self, content: Content, kind: Kind = Kind.OVERWRITTEN, name: str = "") -> bool:
        """Another program wrote the file: turn that into edits. Identical bytes are no event. Whether there was one."""
        if content.digest == self.digest:
            self._set_stamp(content.stamp, content.digest)
            if self.problem and not self.dirty:
                self.problem = ""
                self.room.tell(DocumentSaved(self.number, saved=True))
            return False
        if (written := self._attempts.get(content.digest)) is not None:
            # No other program's: a save of ours that was cut short after it was done.
            self._saved(written, content.digest, content.stamp)
            return False
        try:
            text, style = await asyncio.to_thread(encoding.decode, content.data)
        except CoterieError:
            self._tell_problem(
                "Another program replaced this file by one that is not text. The text is kept here and not saved."
            )
            return False
        if text == self.room.replica.text:
            # However it came there, it is what everyone sees already: an edit would double what is not saved yet.
            written = Written(text, self.room.replica.state, self.room.changes, style)
            self._saved(written, content.digest, content.stamp)
            return True
        await self._keep(kind, name)
        try:
            return await self._take_over(content, text, style)
        except OSError as error:
            # It is this file, and to be read again.
            self._set_stamp(content.stamp._replace(modified=-1), self.digest)
            self._tell_problem(problem(error, self.path).sentence)
            return False

    async def _take_over(self, content: Content, text: str, style: encoding.Format) -> bool:
        base = self._base
        try:
            made = await asyncio.to_thread(epoch.foreign, base, text, self.room.replica.size)
        except CoterieError:
            # Both do not fit: what was not saved stays as a version.
            base = self.room.replica.state
            made = await asyncio.to_thread(epoch.foreign, base, text)
        await self._take_all(made, file=Disk(content.digest, state=made.state))
        self._attempts.clear()
        self._text, self._base, self.style = text, made.state, style
        self._set_stamp(content.stamp, content.digest)
        self._mode = content.mode
        self._note_shape()
        self.problem = ""
        if self.room.replica.text == text:
            self._saved_changes = self.room.changes
            self.room.tell(DocumentSaved(self.number, saved=True))
        return True

    async def _merge(self, content: Content, base: bytes, old: str) -> None:
        """Another program's text was replaced by ours in the same instant: merge it in and save again."""
        try:
            text, _ = await asyncio.to_thread(encoding.decode, content.data)
        except CoterieError:
            return
        self._keeper.version(text, Kind.OVERWRITTEN)
        if edits(old, text):
            # Where both do not fit, or on a full disk, it stays as a version.
            with contextlib.suppress(OSError, CoterieError):
                await self._take_all(await asyncio.to_thread(epoch.foreign, base, text, self.room.replica.size))

    def _set_gone(self, *, gone: bool) -> None:
        if gone != self.gone:
            self.gone = gone
            self.room.tell(DocumentGone(self.number, gone))

    # Room

    def compare(self, member: Member, theirs: tuple[int, int]) -> bool:
        """Whether a copy at the same clocks has the same text; `theirs` is its `proof`. Raises BrokenError.

        When the history itself turns out to be read differently there and here, a new one begins, and whoever sent
        what no editor writes is closed.
        """
        same, for_good = self.room.compare(member, theirs)
        if for_good:
            log.warning("document %s is read differently by %s, a new history begins", self.number, member.id)
            self._start(self._end_difference(member, self.room))
        return same

    async def _end_difference(self, member: Member, room: Room) -> None:
        suspects = room.take_suspects()
        wrong = await asyncio.to_thread(forks.impossible, room.replica.state, [update for _, update in suspects])
        for index in wrong:
            suspects[index][0].close(Closing.MALFORMED, f"document {self.number}: typed between places in no order")
        if not wrong:
            now = self._loop.time()
            if self._unexplained is not None and now - self._unexplained < UNEXPLAINED:
                member.close(Closing.MALFORMED, f"document {self.number}: it goes on having another text")
                return
            self._unexplained = now
        if room is self.room:
            await self._begin_again()

    def _room(self, history: epoch.History) -> Room:
        return Room(
            self.number,
            history.epoch,
            history.replica,
            self._store,
            history.authors,
            changed=self._on_change,
            broken=self._broken,
            log_problem=self._on_log_problem,
        )

    def _on_change(self) -> None:
        self._last_change = self._loop.time()
        if self._timer is None:
            self._first_change = self._last_change
            self._timer = self._loop.call_later(PAUSE, self._due)

    def _due(self) -> None:
        now = self._loop.time()
        due = min(self._last_change + PAUSE, self._first_change + LONGEST)
        if now + 0.001 < due:
            self._timer = self._loop.call_at(due, self._due)
            return
        self._timer = None
        self._start(self.save())
        try:
            overgrown = self.room.replica.overgrown
        except BrokenError:
            self._broken(None)
            return
        if overgrown:
            log.info("%s: its history has grown beyond bounds, a new one begins", self.path)
            self._start(self._begin_again())
        elif self._store.bloated:
            self._start(self.compact())

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks[task] = None
        task.add_done_callback(self._tasks.pop)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _on_log_problem(self, error: OSError | None) -> None:
        if error is None:
            self._tell_problem("")
            if not self.dirty:
                # What is acknowledged only now was saved before.
                self.room.tell(DocumentSaved(self.number, saved=True))
        elif error.errno in (errno.ENOSPC, errno.EDQUOT):
            self._tell_problem("The workspace's disk is full. Your text is kept in memory; make room and it is saved.")
        else:
            why = os.strerror(error.errno or 0).lower()
            self._tell_problem(f"The workspace's disk cannot be written to ({why}). Your text is kept in memory.")

    def _broken(self, member: Member | None) -> None:
        """The document refused an update: begin a new history without it; pages rebase what they have."""
        if member is not None:
            member.close(Closing.MALFORMED, f"document {self.number}: refused")
        self._start(self._begin_anew())

    async def _begin_anew(self) -> None:
        room = self.room
        # Not while a save is under way: what it writes is of the old history.
        async with self._lock:
            if room is self.room and not self._closed:
                # Nothing is awaited in here: an edit must reach the old room before it is read or the new one.
                room.flush()
                self._go_over(epoch.begin(self._text, self.digest), epoch.salvage(self._store.read()))

    async def _begin_again(self) -> None:
        """Begin a new history with the text there is now: the old one has grown too large, or is read differently."""
        async with self._lock:
            room, changes = self.room, -1
            while room is self.room and room.changes != changes and not self._closed:
                changes, text = room.changes, room.replica.text
                history = await asyncio.to_thread(epoch.begin, self._text, self.digest)
            if room is self.room and not self._closed:
                room.flush()
                self._go_over(history, text)

    def _go_over(self, history: epoch.History, text: str) -> None:
        """Everyone goes over to a new history, which begins with the file's text, and to `text`."""
        changed = edits(self._text, text)
        if changed:
            update = Replica([history.base]).edit(changed)
            history.replica.accept(update, history.replica.check(update))
            history.records.append(Updates([update]))
        self._store.replace([pack(record) for record in history.records])
        self.room.abandon()
        old, self.room = self.room, self._room(history)
        self._keeper.began(history.epoch)
        self._shape = None
        self._note_shape()
        self._base = history.base
        self._attempts.clear()
        self._saved_changes, self.room.changes = 0, len(changed)
        if changed:
            self._on_change()
        for member in old.members:
            member.send(DocumentReset(self.number))

    def _compacted(self) -> list[Record]:
        room = self.room
        authors: list[Record] = list(room.authors.values())
        return [
            Epoch(room.epoch),
            *authors,
            State(room.replica.state),
            Disk(self.digest, state=b"" if not self.dirty else self._base),
            *list(self.rebased.values())[-_REBASES:],
            *([self._shape] if self._shape else []),
        ]


async def _packed(text: str) -> str | Packed:
    return await asyncio.to_thread(Packed.of, text) if len(text) > LARGE else text


def _logged(records: Sequence[Record]) -> list[bytes]:
    return [pack(record) for record in records]


def _encoded(text: str, style: encoding.Format) -> tuple[bytes, encoding.Format, bytes]:
    data, style = encoding.encode(text, style)
    return data, style, disk.digest(data)
