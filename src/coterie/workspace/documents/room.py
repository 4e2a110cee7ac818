"""A room: the people on one document, and the edits and cursors that pass between them.

An edit is checked, logged and relayed as it came: its frame is built once for all receivers, and what comes in within
one turn of the event loop (in a busy room within `WINDOW`, or until it is `ENOUGH`) leaves in one write per member. The
order is log, relay, acknowledge. Nothing is buffered for a member that falls behind: it gets what it lacks in one piece
when it has drained.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import time
from collections.abc import Callable, Sequence

from coterie.wire.closing import Closing
from coterie.wire.errors import CoterieError, ErrorCode
from coterie.wire.messages import encode
from coterie.wire.messages.base import ServerMessage
from coterie.wire.messages.documents import CursorMoved, DocumentAck, DocumentOpened, DocumentRefused, DocumentUpdate
from coterie.workspace.documents.encoding import too_long
from coterie.workspace.documents.replica import EMPTY, BrokenError, FullError, Replica
from coterie.workspace.documents.store import Author, Record, Store, Updates, pack
from coterie.workspace.documents.text import Edit
from coterie.workspace.documents.update import Block, TooLargeError, UpdateError, decode_clocks, encode_clocks
from coterie.workspace.frames import binary, frame
from coterie.workspace.member import Member

log = logging.getLogger(__name__)

WINDOW = 0.005
"""Seconds in which a busy room collects what follows a first message, which itself leaves at once."""

BUSY = 25_000
"""Deliveries a second (messages times members) from which on a room is busy; below, every message leaves at once."""

PERIOD = 0.05
"""Seconds over which they are counted."""

ENOUGH = 32
"""So many messages, or as many as there are members if that is more, do not wait for the window's end: by then taking
them in has cost more than writing them out will."""

WIDE_WINDOW = 0.010
CROWD = 100
"""With more members than this the window is the wide one."""

SETTLE_AFTER = 0.2
"""Seconds after which accepted updates are applied, if nobody needed them before."""

RETRY = 1.0
"""Seconds between attempts to write the log while the disk is full."""

_MOST_SUSPECTS = 5_000
"""Updates remembered with their senders until copies are compared, seconds after typing stops."""

MAX_CURSOR = 1024
"""Bytes of a cursor."""


class Seat:
    """One member in a room."""

    __slots__ = ("client", "cursor", "difference", "had", "lag", "owed", "refused", "sent", "whole", "wrote")

    def __init__(self, client: int) -> None:
        self.client = client
        self.had = 0
        """Its client number's clock when it joined: what comes before that it wrote earlier, and others may have it."""
        self.cursor = b""
        self.lag: bytes | None = None
        """State vector of what it was sent before it fell behind; None while it keeps up."""
        self.owed = 0
        """Sequence of its last edit that is not acknowledged, 0: none."""
        self.wrote = False
        """Whether it is among those who wrote since `Room.take_writers` last asked."""
        self.refused = False
        """Whether an edit was not taken in: what follows it refers to it."""
        self.whole = False
        """Whether its copy came from here as a whole."""
        self.difference: tuple[int, ...] = ()
        """The proofs of the two texts when its copy was found to be another than the one here."""
        self.sent: Waiting | None = None
        """Its cursor in the queue, which a newer one replaces."""


class Waiting:
    """A frame on its way out, from whom, and for an edit what it contains."""

    __slots__ = ("blocks", "frame", "sender")

    def __init__(self, sender: Member | None, data: bytes, blocks: list[Block]) -> None:
        self.sender = sender
        self.frame = data
        self.blocks = blocks


class Room:
    """The live side of one document. Runs on the event loop's thread; knows neither disk nor sockets."""

    __slots__ = (
        "_broken", "_busy", "_changed", "_last_flush", "_log_problem", "_loop", "_out", "_owing", "_passed",
        "_period", "_records", "_retry", "_scheduled", "_settling", "_suspects", "_updates",
        "_writers",
        "authors", "changes", "epoch", "members", "number", "replica", "store",
    )  # fmt: skip

    def __init__(
        self,
        number: int,
        epoch: str,
        replica: Replica,
        store: Store,
        authors: dict[int, Author],
        *,
        changed: Callable[[], None],
        broken: Callable[[Member | None], None],
        log_problem: Callable[[OSError | None], None],
    ) -> None:
        self.number = number
        self.epoch = epoch
        self.replica = replica
        self.store = store
        self.authors = authors
        self.members: dict[Member, Seat] = {}
        self.changes = 0
        """Grows with every change of the text."""
        self._writers: dict[str, None] = {}
        self._suspects: list[tuple[Member, bytes]] = []
        self._changed = changed
        self._broken = broken
        self._log_problem = log_problem
        self._loop = asyncio.get_running_loop()
        self._out: list[Waiting] = []
        self._records: list[bytes] = []
        self._updates: list[bytes] = []
        self._owing: list[Member] = []
        self._scheduled: asyncio.Handle | None = None
        self._last_flush = 0.0
        self._busy = False
        self._period = 0.0
        """When the period began in which `_passed` messages were relayed."""
        self._passed = 0
        self._settling: asyncio.TimerHandle | None = None
        self._retry: asyncio.TimerHandle | None = None

    # Members

    def join(self, member: Member, request: int, path: str, *, epoch: str, state_vector: bytes, client: int,
             writable: bool, reason: str, format_label: str) -> None:  # fmt: skip
        """Let a member in and send it what it lacks, then everyone's cursor.

        Raises UpdateError for a malformed state vector, BrokenError.
        """
        had = 0
        whole = epoch != self.epoch or not state_vector
        if not whole:
            had = decode_clocks(state_vector).get(client, 0)
            update = self.replica.since(state_vector)
        else:
            update = self.replica.state
        seat = self.members.get(member)
        if seat is None:
            seat = self.members[member] = Seat(client)
        elif seat.owed:
            # It counts its edits from 1 again: what is owed for earlier ones must not come after the answer.
            self.flush()
            seat.owed = 0
        seat.client, seat.had = client, had
        seat.refused, seat.whole, seat.difference = False, whole, ()
        seat.lag = None
        for other, taken in self.members.items():
            # The same person's earlier connection may not be known to be dead yet.
            if client and taken.client == client and other is not member and other.ticket.user == member.ticket.user:
                taken.client = 0
        opened = DocumentOpened(
            request, self.number, path, self.epoch, update, self.replica.state_vector, writable, reason, format_label
        )
        cursors = [self._cursor_frame(other, taken.cursor) for other, taken in self.members.items() if taken.cursor]
        member.send_frame(b"".join([frame(opened), *cursors]))

    def leave(self, member: Member) -> None:
        """Forget a member and its cursor."""
        seat = self.members.pop(member, None)
        if seat is not None and seat.cursor:
            self._queue(Waiting(member, self._cursor_frame(member, b""), []))

    def pause(self, member: Member) -> None:
        """Send a member nothing more until `resume`."""
        seat = self.members.get(member)
        if seat is None or seat.lag is not None:
            return
        # Everything but what is still queued here was handed to it. Deletions are in every difference anyway.
        clocks = dict(self.replica.clocks)
        for waiting in self._out:
            for client, clock, _ in waiting.blocks:
                if waiting.sender is not member and clock < clocks.get(client, 0):
                    clocks[client] = clock
        seat.lag = encode_clocks(clocks)

    def resume(self, member: Member) -> None:
        """Send a member that caught up what it missed."""
        seat = self.members.get(member)
        if seat is None or seat.lag is None:
            return
        self.flush()
        lag, seat.lag = seat.lag, None
        try:
            missing = self.replica.since(lag)
        except BrokenError:
            self._broken(None)
            return
        parts = [frame(DocumentUpdate(self.number, missing))] if missing != EMPTY else []
        parts += [
            self._cursor_frame(other, taken.cursor)
            for other, taken in self.members.items()
            if taken.cursor and other is not member
        ]
        if parts:
            member.send_frame(b"".join(parts))

    # Edits and cursors

    def edit(self, member: Member, sequence: int, update: bytes) -> None:
        """Take in a member's edit and relay it. One that cannot be integrated closes the member's connection."""
        seat = self.members.get(member)
        if seat is None or seat.refused:
            return
        try:
            blocks = self.replica.check_live(update)
            self._check_writer(member, seat, blocks)
        except (TooLargeError, FullError) as error:
            log.info("document %s: an edit by %s was not taken in: %s", self.number, member.ticket.username, error)
            seat.refused = True
            full = isinstance(error, FullError)
            refusal = (
                too_long() if full else CoterieError(ErrorCode.LIMIT, "This edit is too large to be shared at once.")
            )
            member.send(DocumentRefused(self.number, refusal.code, refusal.sentence))
            return
        except BrokenError:
            self._broken(None)
            return
        except UpdateError as error:
            member.close(Closing.MALFORMED, f"document {self.number}: {error}")
            return
        try:
            self.replica.accept(update, blocks)
        except BrokenError as error:
            log.error("document %s refused an update that was read as whole: %s", self.number, error)
            self._broken(member)
            return
        if not seat.owed:
            self._owing.append(member)
        seat.owed = sequence
        if not seat.wrote:
            seat.wrote = True
            self._writers[member.ticket.display_name] = None
        if len(self._suspects) < _MOST_SUSPECTS:
            self._suspects.append((member, update))
        self._took(Waiting(member, binary(encode(DocumentUpdate(self.number, update))), blocks), update)

    def compare(self, member: Member, theirs: tuple[int, int]) -> tuple[bool, bool]:
        """Return whether a copy at the same clocks is the same, and if not, whether that is so for good.

        It is for good when the copy came from here as a whole, and nothing has changed since the member was last told
        of the difference: then every update has arrived, and the history itself is read differently there and here.
        Raises BrokenError.
        """
        seat, ours = self.members[member], self.replica.proof
        if ours == theirs:
            seat.difference = ()
            self._suspects.clear()
            return True, False
        self.flush()
        before, seat.difference = seat.difference, (*ours, *theirs)
        return False, seat.whole and before == seat.difference

    def take_suspects(self) -> list[tuple[Member, bytes]]:
        """Return who sent which updates since a copy was last known to be the same."""
        suspects, self._suspects = self._suspects, []
        return suspects

    def change(self, edits: Sequence[Edit]) -> None:
        """Make edits (characters of the replica's text) for everyone. Raises OSError, BrokenError."""
        if edits:
            update = Replica([self.replica.state]).edit(edits)
            self.log([pack(Updates([update]))])
            self.take(update)

    def log(self, records: Sequence[bytes]) -> None:
        """Put all of these, which are packed, into the log or, when it cannot be written, none.

        For what is made here and nobody would send again: done once more by a server that was killed before there was
        room for it, it would be in the text twice. Raises OSError.
        """
        self._pack_updates()
        if not self._write():
            raise OSError(errno.ENOSPC, "the log of this document cannot be written")
        self.store.append(records)

    def take(self, update: bytes, author: Author | None = None) -> None:
        """Take in an update that `author` made on a fork of this document and that was put into the log.

        Raises BrokenError, UpdateError.
        """
        if update == EMPTY:
            return
        blocks = self.replica.check(update)
        if author is not None:
            self.authors[author.client] = author
            self._writers[author.name] = None
        self.replica.accept(update, blocks)
        self.changes += 1
        self._changed()
        self._settle_soon()
        self._queue(Waiting(None, binary(encode(DocumentUpdate(self.number, update))), blocks))

    def take_writers(self) -> tuple[str, ...]:
        """Return the display names of those who wrote since this was last asked."""
        names = tuple(sorted(self._writers))
        self._writers.clear()
        for seat in self.members.values():
            seat.wrote = False
        return names

    def move_cursor(self, member: Member, cursor: bytes) -> None:
        """Relay where a member's cursor is."""
        seat = self.members.get(member)
        if seat is None:
            return
        if len(cursor) > MAX_CURSOR:
            member.close(Closing.TOO_BIG, "cursor")
            return
        seat.cursor = cursor
        data = self._cursor_frame(member, cursor)
        if seat.sent is not None:
            seat.sent.frame = data
            return
        seat.sent = Waiting(member, data, [])
        self._queue(seat.sent)

    def tell(self, message: ServerMessage) -> None:
        """Send a message to every member, after what is queued."""
        self.flush()
        data = frame(message)
        for member in self.members:
            member.send_frame(data)

    # Log and relay

    def note(self, record: Record) -> None:
        """Put a record into the log, after the updates that came before it."""
        self._pack_updates()
        self._records.append(pack(record))
        self._write()

    def flush(self) -> None:
        """Log, relay and acknowledge what is queued."""
        if self._scheduled is not None:
            self._scheduled.cancel()
            self._scheduled = None
        out, self._out = self._out, []
        self._last_flush = self._loop.time()
        self._pack_updates()
        logged = self._write()
        if out:
            self._count(len(out))
            self._relay(out)
        if logged:
            self._acknowledge()

    def settle(self) -> None:
        """Apply what waits. One of the recent updates may turn out to be refused."""
        if self._settling is not None:
            self._settling.cancel()
            self._settling = None
        try:
            self.replica.settle()
        except BrokenError as error:
            log.error("document %s refused updates that were read as whole: %s", self.number, error)
            self._broken(None)

    def close(self) -> None:
        """Write what is queued and stop all timers."""
        self.flush()
        self.abandon()

    def abandon(self) -> None:
        """Stop all timers."""
        for timer in (self._scheduled, self._settling, self._retry):
            if timer is not None:
                timer.cancel()

    def rest(self) -> bool:
        """Keep nothing but the document's state, unless something waits; whether so. Raises BrokenError."""
        if self._settling is not None or self._scheduled is not None or self._records:
            return False
        self.replica.rest()
        return True

    def _check_writer(self, member: Member, seat: Seat, blocks: list[Block]) -> None:
        """Whoever is here writes with their own number alone: two who wrote with one number would never agree again."""
        clocks = self.replica.clocks
        for client, clock, length in blocks:
            if client == seat.client and client:
                author = self.authors.get(client)
                if author is None:
                    ticket = member.ticket
                    self._note(Author(client, ticket.user, ticket.display_name, ticket.colour, int(time.time())))
                elif author.user != member.ticket.user:
                    raise UpdateError(f"it writes with the number of user {author.user}")
            if clock + length <= clocks.get(client, 0) or (client == seat.client and client):
                continue
            for other, taken in self.members.items():
                # After a lost log, pages bring back what others wrote before, and a person's tabs each other's.
                if clock + length <= taken.had or other.ticket.user == member.ticket.user:
                    continue
                if taken.client == client and other is not member:
                    raise UpdateError(f"it writes with the number of connection {other.id}")

    def _note(self, author: Author) -> None:
        self.authors[author.client] = author
        self._pack_updates()
        self._records.append(pack(author))

    def _took(self, waiting: Waiting, update: bytes) -> None:
        self.changes += 1
        self._updates.append(update)
        self._queue(waiting)

    def _settle_soon(self) -> None:
        if self._settling is None:
            self._settling = self._loop.call_later(SETTLE_AFTER, self._settle_later)

    def _settle_later(self) -> None:
        self._settling = None
        self.settle()

    def _queue(self, waiting: Waiting) -> None:
        self._out.append(waiting)
        if self._scheduled is not None:
            if len(self._out) == max(ENOUGH, len(self.members)):
                self._scheduled.cancel()
                self._scheduled = self._loop.call_soon(self.flush)
            return
        if self._busy:
            due = self._last_flush + (WINDOW if len(self.members) <= CROWD else WIDE_WINDOW)
            if self._loop.time() < due:
                self._scheduled = self._loop.call_at(due, self.flush)
                return
        self._scheduled = self._loop.call_soon(self.flush)

    def _count(self, messages: int) -> None:
        """See whether the room is busy: at the end of a period, or before when it is clear."""
        self._passed += messages
        since = self._last_flush - self._period
        deliveries = self._passed * len(self.members)
        if since >= PERIOD:
            self._busy = deliveries > BUSY * since
            self._period, self._passed = self._last_flush, 0
        elif deliveries > BUSY * PERIOD:
            self._busy = True

    def _relay(self, out: list[Waiting]) -> None:
        everything = b"".join([waiting.frame for waiting in out])
        senders = {waiting.sender for waiting in out}
        for member, seat in self.members.items():
            if member in senders:
                seat.sent = None
                if len(senders) > 1 and seat.lag is None:
                    member.send_frame(b"".join([waiting.frame for waiting in out if waiting.sender is not member]))
            elif seat.lag is None:
                member.send_at_once(everything)

    def _pack_updates(self) -> None:
        if self._updates:
            self._settle_soon()
            self._changed()
            self._records.append(pack(Updates(self._updates)))
            self._updates = []

    def _write(self) -> bool:
        """Whether everything is in the log now; while the disk is full it is kept and tried again."""
        if not self._records:
            return True
        try:
            self.store.append(self._records)
        except OSError as error:
            if self._retry is None:
                log.warning("log of document %s: %s", self.number, error)
                self._log_problem(error)
            else:
                self._retry.cancel()
            self._retry = self._loop.call_later(RETRY, self.flush)
            return False
        self._records = []
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
            self._log_problem(None)
        return True

    def _acknowledge(self) -> None:
        owing, self._owing = self._owing, []
        for member in owing:
            seat = self.members.get(member)
            if seat is not None and seat.owed:
                member.send(DocumentAck(self.number, seat.owed))
                seat.owed = 0

    def _cursor_frame(self, member: Member, cursor: bytes) -> bytes:
        return frame(CursorMoved(self.number, member.id, cursor))
