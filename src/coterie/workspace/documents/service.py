"""The documents of a workspace: who has which open, and what the messages about them do."""

from __future__ import annotations

import asyncio
import errno
import logging
import sqlite3
import time
import zlib
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from coterie.wire.capabilities import Capability
from coterie.wire.closing import Closing
from coterie.wire.errors import CoterieError, ErrorCode
from coterie.wire.messages import ClientMessage
from coterie.wire.messages.connection import Done, Notice
from coterie.wire.messages.documents import (
    CursorMove,
    DocumentCheck,
    DocumentChecked,
    DocumentClose,
    DocumentEdit,
    DocumentGone,
    DocumentHistory,
    DocumentOpen,
    DocumentPage,
    DocumentPaged,
    DocumentRebase,
    DocumentRebased,
    DocumentReset,
    DocumentRestore,
    DocumentRevert,
    DocumentSaved,
    DocumentVersion,
    DocumentVersions,
    DocumentVersionText,
    DocumentWriters,
    DocumentWrittenBy,
    Version,
    Writer,
)
from coterie.workspace.documents import disk, inplace, large, memory
from coterie.workspace.documents.catalogue import Catalogue
from coterie.workspace.documents.disk import Stamp
from coterie.workspace.documents.document import Document
from coterie.workspace.documents.encoding import MAX_TEXT
from coterie.workspace.documents.events import Around, Told
from coterie.workspace.documents.history import History, Kind, Packed
from coterie.workspace.documents.outside import Outside
from coterie.workspace.documents.places import Places
from coterie.workspace.documents.store import JOURNAL, SYNC_EVERY, Author, Store
from coterie.workspace.documents.update import UpdateError, decode_clocks
from coterie.workspace.frames import frame
from coterie.workspace.member import Member
from coterie.workspace.paths import Root, problem
from coterie.workspace.service import Handler

log = logging.getLogger(__name__)

IDLE = 30.0
"""Seconds after the last member left until a document is closed and its memory given back."""


REST_AFTER, REST_LARGE_AFTER = 5.0, 300.0
"""Seconds without a change after which an open document keeps only its state; a large one takes long to wake up."""

MOST_OPEN = 500
"""Documents one connection may have open: each is kept in memory several times over."""

LONGEST_STATE_VECTOR = 1 << 20
"""Bytes of a state vector from a page: a hundred thousand people's worth, and still read in a moment."""


class Documents:
    """Every open document of the workspace. `state` is a directory that no user process can see."""

    def __init__(self, root: Root, state: Path, around: Around | None = None) -> None:
        self._root = root
        self._around = around or Around()
        self._state = state / "documents"
        self._catalogue: Catalogue
        self.history: History
        self._places: Places
        self.outside: Outside
        self._by_path: dict[str, asyncio.Task[Document] | Document] = {}
        """A task while the document is being loaded."""
        self._by_number: dict[int, Document] = {}
        self._of_member: dict[Member, set[int]] = {}
        self._identity: dict[int, str] = {}
        self._next_number = 1
        self._tasks: set[asyncio.Task[None]] = set()
        self._idle: dict[int, asyncio.TimerHandle] = {}
        self._closing: dict[str, asyncio.Future[None]] = {}
        """By identity: documents whose log is being closed."""

    def handlers(self) -> dict[type[ClientMessage], Handler]:
        return {
            DocumentOpen: self._open,
            DocumentClose: self._close,
            DocumentEdit: self._edit,
            CursorMove: self._cursor,
            DocumentCheck: self._check,
            DocumentRestore: self._restore,
            DocumentRebase: self._rebase,
            DocumentVersions: self._versions,
            DocumentVersion: self._version,
            DocumentRevert: self._revert,
            DocumentWriters: self._writers,
            DocumentPage: self._page,
        }

    def joined(self, member: Member) -> None:
        self._of_member[member] = set()

    def left(self, member: Member) -> None:
        for number in self._of_member.pop(member, set()):
            self._leave(member, number)

    def paused(self, member: Member) -> None:
        for number in self._of_member.get(member, ()):
            if document := self._by_number.get(number):
                document.room.pause(member)

    def resumed(self, member: Member) -> None:
        for number in self._of_member.get(member, ()):
            if document := self._by_number.get(number):
                document.room.resume(member)
                # What it is sent now may have been saved, and that been told, before.
                _tell_saved(member, document)

    async def start(self) -> None:
        self._catalogue = await asyncio.to_thread(Catalogue, self._state)
        await asyncio.to_thread(self._finish_saves)
        self.history = History(self._catalogue.database)
        self._places = Places(self._root, self._catalogue, self.history, self._by_path, self._closing)
        self.outside = Outside(self._root, self, self._around)
        self.outside.start()
        self._syncing = asyncio.create_task(self._sync_forever())

    async def stop(self, *, save: bool = True) -> None:
        await self.outside.stop()
        for timer in self._idle.values():
            timer.cancel()
        self._syncing.cancel()
        if not save:
            for task in list(self._tasks):
                task.cancel()
        # A document that is being closed is let finish: cut short, its save would look like another program's.
        await asyncio.gather(self._syncing, *self._tasks, return_exceptions=True)
        loading = [task for task in self._by_path.values() if isinstance(task, asyncio.Task)]
        loaded = await asyncio.gather(*loading, return_exceptions=True)
        documents = [one for one in (*self._by_path.values(), *loaded) if isinstance(one, Document)]
        documents = list(dict.fromkeys(documents))
        closing = (document.close() if save else document.drop() for document in documents)
        for failed in await asyncio.gather(*closing, return_exceptions=True):
            if isinstance(failed, BaseException):
                log.error("closing a document: %r", failed)
        self._catalogue.close()

    def _finish_saves(self) -> None:
        for journal in self._state.glob(f"*/{JOURNAL}"):
            try:
                if inplace.finish(self._root, journal):
                    log.warning("finished a save that was cut short: %s", journal)
            except (OSError, CoterieError) as error:
                # Its text is in the document's log, whatever the file holds.
                log.warning("a save that was cut short cannot be finished: %s: %s", journal, error)

    @property
    def open_documents(self) -> list[Document]:
        """The documents that are loaded."""
        return list(self._by_number.values())

    def identity_of(self, document: Document) -> str:
        """What names an open document in the history, whatever its path."""
        return self._identity[document.number]

    # Messages

    async def _open(self, member: Member, message: DocumentOpen) -> None:
        if len(message.state_vector) > LONGEST_STATE_VECTOR:
            raise CoterieError(ErrorCode.TOO_BIG, "This page sent something unreadable. Reload it.", "state vector")
        if len(self._of_member.get(member, ())) >= MOST_OPEN:
            raise CoterieError(ErrorCode.LIMIT, f"This page has {MOST_OPEN} files open. Close some of them first.")
        document, path = await self._document(message.path, message.epoch)
        rooms = self._of_member.get(member)
        if rooms is None:
            self._rest(document)
            return
        if timer := self._idle.pop(document.number, None):
            timer.cancel()
        writable = member.may(Capability.DOCUMENT_WRITE)
        if document.gone and message.epoch not in ("", document.room.epoch) and not writable:
            # Whoever may write brings what they have; what this page has stays there, and nowhere else perhaps.
            self._rest(document)
            raise CoterieError(
                ErrorCode.NOT_FOUND,
                "This file was deleted, and its history begins anew. What this page shows may be the only copy.",
            )
        try:
            document.room.join(
                member,
                message.request,
                path,
                epoch=message.epoch,
                state_vector=message.state_vector,
                client=message.client if writable else 0,
                writable=writable,
                reason="" if writable else "You may only watch here.",
                format_label=document.style.label,
            )
        except UpdateError as error:
            member.close(Closing.MALFORMED, str(error))
            return
        finally:
            self._rest(document)
        rooms.add(document.number)
        if document.gone:
            member.send(DocumentGone(document.number, gone=True))
        _tell_saved(member, document)

    def _close(self, member: Member, message: DocumentClose) -> None:
        rooms = self._of_member.get(member, set())
        if message.document in rooms:
            rooms.discard(message.document)
            self._leave(member, message.document)

    def _edit(self, member: Member, message: DocumentEdit) -> None:
        document = self._by_number.get(message.document)
        if document is not None:
            document.room.edit(member, message.sequence, message.update)

    def _cursor(self, member: Member, message: CursorMove) -> None:
        document = self._by_number.get(message.document)
        if document is not None:
            document.room.move_cursor(member, message.cursor)

    def _check(self, member: Member, message: DocumentCheck) -> None:
        document = self._by_number.get(message.document)
        if document is None or message.document not in self._of_member.get(member, ()):
            return
        if len(message.state_vector) > LONGEST_STATE_VECTOR:
            raise CoterieError(ErrorCode.TOO_BIG, "This page sent something unreadable. Reload it.", "state vector")
        replica = document.room.replica
        try:
            comparable = decode_clocks(message.state_vector) == {k: v for k, v in replica.clocks.items() if v}
        except UpdateError as error:
            member.close(Closing.MALFORMED, str(error))
            return
        # Who fell behind lacks deletions that its clocks do not show.
        comparable = comparable and document.room.members[member].lag is None
        same = comparable and document.compare(member, (message.size, message.checksum))
        if comparable and not same:
            log.warning(
                "document %s (%s): connection %s of %s has %s bytes, checksum %s; the server has %s",
                document.number, document.path, member.id, member.ticket.username,
                message.size, message.checksum, replica.proof,
            )  # fmt: skip
        member.send(DocumentChecked(document.number, comparable, same))

    async def _restore(self, member: Member, message: DocumentRestore) -> None:
        await self._of(member, message.document).restore()
        member.send(Done(message.request))

    async def _rebase(self, member: Member, message: DocumentRebase) -> None:
        document = self._of(member, message.document)
        base, text = await asyncio.to_thread(lambda: (_inflate(message.base), _inflate(message.text)))
        done = await document.rebase(message.identity, base, text, _author(member))
        document.room.flush()
        member.send(DocumentRebased(message.request, done.version, done.name, done.problem))

    def _versions(self, member: Member, message: DocumentVersions) -> None:
        identity = self._identity[self._of(member, message.document).number]
        versions = [
            Version(one.id, one.time, one.kind, one.name, list(one.authors), one.size)
            for one in self.history.all(identity)
        ]
        member.send(DocumentHistory(message.request, versions))

    def _version(self, member: Member, message: DocumentVersion) -> None:
        document = self._of(member, message.document)
        member.send(DocumentVersionText(message.request, self._text_of(document, message.version)))

    def _revert(self, member: Member, message: DocumentRevert) -> None:
        self._of(member, message.document).keep(Kind.RESTORED)
        member.send(Done(message.request))

    def _writers(self, member: Member, message: DocumentWriters) -> None:
        authors = self._of(member, message.document).room.authors.values()
        writers = [Writer(one.client, one.user, one.name, one.colour, one.since) for one in authors]
        member.send(DocumentWrittenBy(message.request, writers))

    async def _page(self, member: Member, message: DocumentPage) -> None:
        page = await asyncio.to_thread(large.page, self._root, message.path, message.offset)
        member.send(DocumentPaged(message.request, *page))

    def _of(self, member: Member, number: int) -> Document:
        """The document with this number, which the member has open."""
        document = self._by_number.get(number)
        if document is None or number not in self._of_member.get(member, ()):
            raise CoterieError(ErrorCode.NOT_FOUND, "That document is not open any more. Open it again.")
        return document

    def _text_of(self, document: Document, version: int) -> str:
        text = self.history.text(self._identity[document.number], version)
        if text is None:
            raise CoterieError(ErrorCode.NOT_FOUND, "There is no such version any more. Old ones are thinned out.")
        return text

    # Documents

    async def _document(self, path: str, epoch: str) -> tuple[Document, str]:
        """The document at a path, and its path as whoever asks should know it.

        Somebody who had it open (and knows its epoch) is led to where it was moved, also when another file is at the
        path by now, or given the text of one that was deleted.
        """
        try:
            real = self._root.resolve(path)
        except CoterieError as error:
            if not epoch or error.code is not ErrorCode.NOT_FOUND:
                raise
            real = path  # its folder is gone, too
        if epoch and (now := await self._places.where(real, epoch)) != real:
            path = real = now
        task = self._by_path.get(real)
        if isinstance(task, Document):
            return task, path
        if task is None:
            task = self._by_path[real] = asyncio.create_task(self._load(real, deleted=bool(epoch)))
            task.add_done_callback(lambda done: self._loaded(real, done))
        return await asyncio.shield(task), path

    async def _load(self, path: str, *, deleted: bool) -> Document:
        stamp = await asyncio.to_thread(disk.stamp, self._root, path)
        identity = self._catalogue.find(path) if stamp is None else await self._places.at(path, stamp)
        if identity is None or (stamp is None and not deleted):
            raise problem(FileNotFoundError(errno.ENOENT, ""), path)
        while (closing := self._closing.get(identity)) is not None:
            # Two on one log would write past each other.
            await closing
        number = self._next_number
        self._next_number += 1
        store = Store(self._catalogue.folder(identity) / "log")
        keeper = _Keeper(self, identity)
        held = b"" if stamp is None else await self._places.held(identity, path)
        document = await Document.load(self._root, path, number, store, keeper, deleted=stamp is None, held=held)
        self._by_number[number] = document
        self._identity[number] = identity
        keeper.began(document.room.epoch)
        if stamp is not None:
            keeper.file(document.stamp, document.digest)
        self._run(self.outside.follow())
        document.rest(large=False)
        return document

    def keep(
        self, identity: str, text: str | Packed, kind: Kind, *, name: str = "", authors: tuple[str, ...] = ()
    ) -> int:
        """Keep a text as a version of a document; return its number, 0 when that failed."""
        try:
            return self.history.add(identity, text, kind, name=name, authors=authors)
        except sqlite3.Error as error:
            log.warning("a version was not kept: %s", error)
            return 0

    def note_file(self, identity: str, stamp: Stamp, digest: bytes) -> None:
        """Note which file is a document's now, and what it holds."""
        try:
            self._catalogue.seen(identity, stamp, digest)
        except sqlite3.Error as error:
            log.warning("which file a document has was not noted: %s", error)

    def note_history(self, identity: str, epoch: str) -> None:
        """Note a history of a document."""
        try:
            self._catalogue.began(identity, epoch)
        except sqlite3.Error as error:
            log.warning("a history of a document was not noted: %s", error)

    def note_saving(self, identity: str, stamp: Stamp, digest: bytes) -> None:
        """Note which file a document is about to have, and what it holds. Blocks, may run on another thread."""
        try:
            self._catalogue.saving(identity, stamp, digest)
        except (OSError, sqlite3.Error) as error:
            # Better saved than found again where it is renamed.
            log.warning("which file a document will have was not noted: %s", error)

    def _loaded(self, path: str, task: asyncio.Task[Document]) -> None:
        if task.cancelled() or task.exception() is not None:
            self._by_path.pop(path, None)
        elif self._by_path.get(path) is task:
            self._by_path[path] = task.result()

    def _leave(self, member: Member, number: int) -> None:
        document = self._by_number.get(number)
        if document is None:
            return
        document.room.leave(member)
        self._rest(document)

    def _rest(self, document: Document) -> None:
        """Close a document that nobody has open, after a while."""
        number = document.number
        if not document.room.members and number in self._by_number and number not in self._idle:
            loop = asyncio.get_running_loop()
            self._idle[number] = loop.call_later(IDLE, self._unload_later, document)

    def _unload_later(self, document: Document) -> None:
        self._idle.pop(document.number, None)
        self._run(self._unload(document))

    async def _unload(self, document: Document) -> None:
        await document.save()
        if document.room.members or document.number not in self._by_number:
            return
        if document.dirty and not document.gone:
            self._rest(document)
            return
        self._by_path.pop(document.path, None)
        self._by_number.pop(document.number, None)
        identity = self._identity.pop(document.number)
        if not document.gone:
            self.note_file(identity, document.stamp, document.digest)
        closing = self._closing[identity] = asyncio.get_running_loop().create_future()
        try:
            await document.close()
        finally:
            del self._closing[identity]
            closing.set_result(None)
        await self.outside.follow()

    # In the background

    async def _sync_forever(self) -> None:
        while True:
            await asyncio.sleep(SYNC_EVERY)
            for document in list(self._by_number.values()):
                await document.sync()
            self._rest_all()

    def _rest_all(self) -> None:
        """Give back the memory of documents in which nothing happens."""
        now = asyncio.get_running_loop().time()
        rested = False
        for document in self._by_number.values():
            if document.awake and now - document.last_change >= REST_AFTER:
                rested = document.rest(large=now - document.last_change >= REST_LARGE_AFTER) or rested
        if rested:
            memory.give_back()

    # What became of files; called by `Outside`

    def has(self, document: Document) -> bool:
        """Whether a document is still open."""
        return document.number in self._by_number

    async def moved(self, document: Document, path: str) -> bool:
        """A file was moved to `path`: so are its room and its history. False when it cannot follow.

        Who has the file open that was at that path sees the one that is there now. What it held is a version of it.
        """
        identity = self._identity.get(document.number)
        if identity is None or (path not in self._by_path and not await self._places.make_room(path, identity)):
            return False
        other = self._by_path.get(path)
        if isinstance(other, asyncio.Task):
            await asyncio.wait([other])
            other = self._by_path.get(path)
        if self._by_path.get(document.path) is not document or other is document or isinstance(other, asyncio.Task):
            return False
        replaced: list[Member] = []
        if other is not None:
            other.room.flush()
            name = f"{_name(path)} before {_name(document.path)} took its place"
            if not other.keep(Kind.KEPT, name):
                return False
            replaced = list(other.room.members)
            self._forget(other)
        del self._by_path[document.path]
        self._by_path[path] = document
        self._places.move(identity, path)
        document.moved(path)
        if other is not None:
            # After the move was told: a page that has both open goes over to the one it has already.
            for member in replaced:
                self._of_member[member].discard(other.number)
                member.send(DocumentReset(other.number, kept=True))
                sentence = f"{document.path} took its place. What {_name(path)} held before is kept in its history."
                member.send(Notice("files", sentence, [path]))
            self._run(other.close())
        return True

    def replaced(self, document: Document, was: Stamp) -> None:
        """Another file is where a document's file was: that one may turn up elsewhere, and has the same versions."""
        identity = self._identity[document.number]
        self._catalogue.replaced(identity, was.inode, was.born, self.history.last(identity))

    def tell(self, event: Told) -> None:
        """Name the versions from before an event after it, and tell everyone."""
        if not event.sentence:
            return
        changed = [self._identity[one.number] for one in self.open_documents if one.path in event.paths]
        try:
            for identity in changed:
                self.history.name_event(identity, event.since, event.sentence)
        except sqlite3.Error as error:
            log.warning("versions were not named: %s", error)
        data = frame(Notice("git" if event.git else "files", event.sentence, event.paths))
        for member in self._of_member:
            member.send_frame(data)

    def _forget(self, document: Document) -> None:
        """Another file took the place of an open document's: save nothing more of it."""
        document.gone = True
        del self._by_path[document.path]
        del self._by_number[document.number], self._identity[document.number]
        if timer := self._idle.pop(document.number, None):
            timer.cancel()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Keeper:
    """Keeps what belongs to one document."""

    __slots__ = ("_documents", "_identity")

    def __init__(self, documents: Documents, identity: str) -> None:
        self._documents = documents
        self._identity = identity

    def version(self, text: str | Packed, kind: Kind, *, name: str = "", authors: tuple[str, ...] = ()) -> int:
        return self._documents.keep(self._identity, text, kind, name=name, authors=authors)

    def began(self, epoch: str) -> None:
        self._documents.note_history(self._identity, epoch)

    def file(self, stamp: Stamp, digest: bytes) -> None:
        self._documents.note_file(self._identity, stamp, digest)

    def saving(self, stamp: Stamp, digest: bytes) -> None:
        self._documents.note_saving(self._identity, stamp, digest)


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _tell_saved(member: Member, document: Document) -> None:
    if document.problem or not document.dirty:
        member.send(DocumentSaved(document.number, saved=not document.problem, problem=document.problem))


def _author(member: Member) -> Author:
    ticket = member.ticket
    return Author(0, ticket.user, ticket.display_name, ticket.colour, int(time.time()))


def _inflate(data: bytes) -> str:
    """Raises CoterieError(INVALID | TOO_BIG)."""
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(data, 2 * MAX_TEXT)
        if inflater.unconsumed_tail:
            raise CoterieError(ErrorCode.TOO_BIG, "What was typed without a connection is too large to be merged.")
        if not inflater.eof:
            raise zlib.error("it ends too early")
        # As whoever reads files here has it, and the shared text: without what no text holds.
        return text.decode().replace("\r\n", "\n").replace("\r", "\n").replace("\0", "␀")
    except (zlib.error, UnicodeDecodeError) as error:
        raise CoterieError(ErrorCode.INVALID, "This page sent something unreadable. Reload it.", repr(error)) from None
