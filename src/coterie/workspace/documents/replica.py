"""The workspace server's copy of a document: clocks that are always current, contents that are brought up when needed.

Applying an update costs several times more alone than in a batch (6.5 µs against 1.2 µs each), so accepted updates wait
until somebody asks for the text or the state, or until there are `BATCH` of them. Larger batches are slow again.
A document at rest is its state, some bytes; what can be asked and edited is made of that when it is needed.
"""

from __future__ import annotations

import asyncio
import secrets
import zlib
from collections.abc import Sequence

from pycrdt import Doc, Text, TransactionEvent, merge_updates

from coterie.workspace.documents.encoding import MAX_TEXT
from coterie.workspace.documents.text import Edit
from coterie.workspace.documents.update import (
    MOST_BYTES,
    MOST_PARTS,
    Block,
    Halves,
    TooLargeError,
    UpdateError,
    beginning,
    decode_clocks,
    encode_clocks,
    has_two_units,
    read,
)

BATCH = 100
_BATCH_SIZE = 16 << 10
"""Bytes of accepted updates that wait at most: some 10 ms of work."""

EMPTY = b"\0\0"
"""An update that changes nothing."""

MOST_HISTORY = 8 << 20
"""Bytes of a document's state beyond its text: some 500,000 scattered edits, and 100 MB of memory."""


class FullError(UpdateError):
    """The text would become longer than `MAX_TEXT`."""


class BrokenError(Exception):
    """The document refused an update that had been read as whole; what it now holds is not to be trusted."""


def proof(text: str) -> tuple[int, int]:
    """Return what two copies compare to know that they have the same text: bytes of UTF-8 and their CRC-32."""
    data = text.encode(errors="replace")
    return len(data), zlib.crc32(data)


def in_bytes(text: str, edits: Sequence[Edit]) -> list[Edit]:
    """Return `edits`, which are in order and apart, counted in bytes of UTF-8, as pycrdt does it."""
    if text.isascii():
        return list(edits)
    result: list[Edit] = []
    at = size = 0
    for start, end, new in edits:
        begin = size + len(text[at:start].encode())
        at, size = end, begin + len(text[start:end].encode())
        result.append(Edit(begin, size, new))
    return result


def make(doc: Doc[Text], edits: Sequence[Edit]) -> bytes:
    """Make edits (in order, apart, in bytes of UTF-8) in a document and return them as one update."""
    made: list[bytes] = []

    def keep(event: TransactionEvent) -> None:
        made.append(event.update)

    root = doc.get("text", type=Text)
    subscription = doc.observe(keep)
    try:
        with doc.transaction():
            # From the end, so that what comes before keeps its place.
            for start, end, new in reversed(edits):
                if end > start:
                    del root[start:end]
                if new:
                    root.insert(start, new)
    finally:
        doc.unobserve(subscription)
    return made[0] if made else EMPTY


class Replica:
    """A text document: one root text, the accepted updates that are not applied yet, and every client's clock."""

    __slots__ = (
        "_halves", "_live", "_longest", "_proof", "_resting", "_state", "_text", "_waiting", "_waiting_size", "_weight",
        "client", "clocks",
    )  # fmt: skip

    def __init__(self, updates: Sequence[bytes] = ()) -> None:
        """Start from the updates of a log. Raises BrokenError when they cannot be applied."""
        # 32 bits as in the browser: the number travels with every operation that refers to the server's own.
        self.client = secrets.randbits(32)
        """The client number of edits made here."""
        self._live: Doc[Text] | None = None
        self._resting = EMPTY
        """What was applied, while there is no `_live`."""
        self._waiting: list[bytes] = list(updates)
        self._waiting_size = 0
        self._state: bytes | None = None
        self._text: str | None = None
        self._proof: tuple[int, int] | None = None
        self._halves: Halves | None = None
        """None in a copy that nobody edits from outside."""
        self._longest = self._weight = sum(map(len, updates))
        """The text and the state have at most so many bytes."""
        self.clocks: dict[int, int] = {}
        if updates:
            self._apply()
            self.clocks = decode_clocks(self._doc.get_state())

    @classmethod
    def beginning(cls, text: str) -> Replica:
        """Return a new document that holds `text`."""
        replica = cls()
        update = beginning(text, (replica.client, secrets.randbits(32))) if text else EMPTY
        replica.accept(update, replica.check(update))
        replica.settle()
        return replica

    def watch(self) -> None:
        """From now on refuse what cuts a character. Takes long for a long text that has some. Raises BrokenError."""
        self._halves = {}
        if has_two_units(self.text):
            read(self.state, {}, halves=self._halves)

    def check(self, update: bytes) -> list[Block]:
        """Return the blocks of an update that can be integrated. Raises UpdateError when it cannot."""
        return read(update, self.clocks, halves=self._halves)

    def check_live(self, update: bytes) -> list[Block]:
        """The same for an edit from outside. Raises TooLargeError and FullError too, then nothing is wrong with it."""
        if len(update) > MOST_BYTES:
            raise TooLargeError(f"{len(update)} bytes")
        blocks = read(update, self.clocks, halves=self._halves, most=MOST_PARTS)
        if blocks and self._longest + len(update) > MAX_TEXT:
            self._longest = self.size
            if self._longest + len(update) > MAX_TEXT:
                raise FullError(f"{self._longest} and {len(update)} bytes")
        return blocks

    @property
    def size(self) -> int:
        """Bytes of the text in UTF-8. Raises BrokenError."""
        self._settle()
        return len(self._doc.get("text", type=Text))

    @property
    def overgrown(self) -> bool:
        """Whether what was deleted and cut apart takes more than the text may. Raises BrokenError."""
        if self._weight < MOST_HISTORY:
            return False
        size = self.size
        if self._weight - size <= MOST_HISTORY:
            return False
        self._weight = len(self.state)
        # Half, or it would be measured ever more often.
        return self._weight - size > MOST_HISTORY // 2

    def accept(self, update: bytes, blocks: list[Block]) -> None:
        """Take in an update that `check` has passed. Raises BrokenError when the document refuses it after all."""
        clocks = self.clocks
        for client, clock, length in blocks:
            if clock + length > clocks.get(client, 0):
                clocks[client] = clock + length
        self._waiting.append(update)
        self._longest += len(update)
        self._weight += len(update)
        self._state = self._text = self._proof = None
        self._waiting_size += len(update)
        if len(self._waiting) >= BATCH or self._waiting_size > _BATCH_SIZE:
            self._settle()

    @property
    def waiting(self) -> bool:
        """Whether accepted updates are not applied yet."""
        return bool(self._waiting)

    def settle(self) -> None:
        """Apply what waits. Raises BrokenError."""
        self._settle()

    @property
    def awake(self) -> bool:
        """Whether there is more than the state."""
        return self._live is not None or self._text is not None

    def rest(self) -> None:
        """Keep nothing but the state, until more is asked for. Raises BrokenError."""
        if self._live is not None:
            self._resting = self.state
            self._live = None
        self._text = None

    @property
    def text(self) -> str:
        """The text now. Raises BrokenError."""
        if self._text is None:
            self._settle()
            self._text = str(self._doc.get("text", type=Text))
        return self._text

    @property
    def proof(self) -> tuple[int, int]:
        """See `proof`. Raises BrokenError."""
        if self._proof is None:
            self._proof = proof(self.text)
        return self._proof

    @property
    def state(self) -> bytes:
        """The whole document as one update. Raises BrokenError."""
        if self._state is None:
            self._settle()
            self._state = self._resting if self._live is None else self._live.get_update()
        return self._state

    @property
    def state_vector(self) -> bytes:
        """Every client's clock, as Yjs writes them."""
        return encode_clocks(self.clocks)

    def since(self, state_vector: bytes) -> bytes:
        """Return what somebody who stands at `state_vector` lacks. Raises BrokenError."""
        self._settle()
        return self._doc.get_update(state_vector)

    def edit(self, edits: Sequence[Edit]) -> bytes:
        """Make edits (in order, apart, counted in characters of `text`) and return them as one update."""
        changes = in_bytes(self.text, edits)
        doc = self._doc
        update = make(doc, changes)
        self._text = self._state = self._proof = None
        self._longest += len(update)
        self._weight += len(update)
        self.clocks = decode_clocks(doc.get_state())
        return update

    @property
    def document(self) -> Doc[Text]:
        """The document itself, with all that was accepted: for whoever made this replica for themselves."""
        self._settle()
        return self._doc

    @property
    def _doc(self) -> Doc[Text]:
        if self._live is None:
            self._live = Doc(client_id=self.client)
            self._live.get("text", type=Text)
            if self._resting != EMPTY:
                self._live.apply_update(self._resting)
                self._resting = EMPTY
        return self._live

    def _settle(self) -> None:
        if not self._waiting:
            return
        self._apply()
        if decode_clocks(self._doc.get_state()) != {client: clock for client, clock in self.clocks.items() if clock}:
            raise BrokenError("operations wait for others that may never come")

    def _apply(self) -> None:
        updates, self._waiting, self._waiting_size = self._waiting, [], 0
        try:
            for start in range(0, len(updates), BATCH):
                batch = updates[start : start + BATCH]
                self._doc.apply_update(merge_updates(*batch) if len(batch) > 1 else batch[0])
        except (KeyboardInterrupt, SystemExit, asyncio.CancelledError):
            raise
        except BaseException as error:  # a panic in pycrdt is no Exception
            raise BrokenError(repr(error)) from error
