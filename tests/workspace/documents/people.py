"""People for tests: a member that collects what it is sent, and a page that does with it what the browser does."""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Callable
from typing import Any

from pycrdt import Doc, Text, TransactionEvent, merge_updates

from coterie.wire.capabilities import ACCESS, Capability, Role
from coterie.wire.closing import Closing
from coterie.wire.errors import CoterieError
from coterie.wire.messages import ServerMessage, decode_server, encode
from coterie.wire.messages import documents as wire
from coterie.wire.tickets import Ticket
from coterie.workspace.documents.service import Documents
from coterie.workspace.documents.update import decode_clocks, read


def messages(data: bytes) -> list[ServerMessage]:
    """The messages in joined WebSocket frames."""
    found = []
    at = 0
    while at < len(data):
        assert data[at] == 0x82
        size, at = data[at + 1], at + 2
        if size == 126:
            size, at = int.from_bytes(data[at : at + 2], "big"), at + 2
        elif size == 127:
            size, at = int.from_bytes(data[at : at + 8], "big"), at + 8
        found.append(decode_server(data[at : at + size]))
        at += size
    return found


class FakeMember:
    """A connection whose other side is in this process: `inbox` holds what was sent and not yet received."""

    _next = 1

    def __init__(self, user: str, role: Role = Role.MEMBER) -> None:
        self.id = FakeMember._next
        FakeMember._next += 1
        self.ticket = Ticket("w", user, user, user.title(), role, tuple(ACCESS[role]), 0, "g")
        self.inbox: list[ServerMessage] = []
        self.closed: Closing | None = None
        self.reason = ""
        """Why, for the log."""
        self.backlog = 0

    def may(self, capability: Capability) -> bool:
        return capability in self.ticket.capabilities

    def send(self, message: ServerMessage) -> None:
        self.send_frame(b"\x82\x7f" + len(encode(message)).to_bytes(8, "big") + encode(message))

    def send_frame(self, *pieces: bytes) -> None:
        if self.closed is None:
            self.inbox.extend(messages(b"".join(pieces)))

    def send_at_once(self, data: bytes) -> None:
        self.send_frame(data)

    def close(self, closing: Closing, detail: str = "") -> None:
        if self.closed is None:
            self.closed, self.reason = closing, detail


class Page:
    """One document in one browser tab: what `web/src/editor/document.ts` does, with the network in the test's hands.

    `sent` and the member's `inbox` are the two directions; nothing moves before `deliver` and `receive`.
    """

    def __init__(self, user: str, path: str) -> None:
        self.user = user
        self.path = path
        self.notices: list[int] = []
        self.problems: list[str] = []
        self.failures: list[CoterieError] = []
        self.member: FakeMember | None = None
        self.sent: list[Any] = []
        self.gone = False
        self._server: Documents | None = None
        self._document = 0
        self._begin(Doc(), Doc())
        self.epoch = ""
        self.pending: list[tuple[int, bytes]] = []
        self.sequence = 0
        self._rebasing_from: str | None = None

    def _begin(self, doc: Doc[Text], confirmed: Doc[Text]) -> None:
        self.doc, self.confirmed = doc, confirmed
        self.root = doc.get("text", type=Text)
        self.confirmed_root = confirmed.get("text", type=Text)

    @property
    def text(self) -> str:
        return str(self.root)

    @property
    def joined(self) -> bool:
        return self._document != 0

    # Network

    def connect(self, server: Documents) -> None:
        self._server = server
        self.member = FakeMember(self.user)
        server.joined(self.member)
        self._open(self.epoch)

    def disconnect(self) -> None:
        if self.member is not None and self._server is not None:
            self._server.left(self.member)
        self.member = self._server = None
        self._document = 0
        self.sent.clear()
        self._rebasing_from = None

    async def deliver(self, most: int = 1_000_000) -> None:
        """Bring messages to the server."""
        while self.sent and most and self._server is not None and self.member is not None:
            most -= 1
            message = self.sent.pop(0)
            try:
                result = self._server.handlers()[type(message)](self.member, message)
                if result is not None:
                    await result
            except CoterieError as error:
                self.failures.append(error)

    def receive(self, most: int = 1_000_000) -> None:
        """Take in messages from the server."""
        while self.member is not None and self.member.inbox and most:
            most -= 1
            message = self.member.inbox.pop(0)
            handler: Callable[[Any], None] | None = getattr(self, f"_on_{type(message).__name__}", None)
            if handler is not None and (
                self._document in (getattr(message, "document", 0), 0) or "request" in dir(message)
            ):
                handler(message)

    def reload(self) -> None:
        """Only what is kept in the browser survives."""
        self.disconnect()
        epoch, confirmed, pending = self.epoch, self.confirmed.get_update(), [update for _, update in self.pending]
        self._begin(Doc(), Doc())
        self.epoch, self.pending = "", []
        if pending:
            self.epoch = epoch
            self.confirmed.apply_update(confirmed)
            self.doc.apply_update(confirmed)
            for update in pending:
                self.doc.apply_update(update)
                self.pending.append((0, update))

    # Editing

    def edit(self, at: int, remove: int, insert: str) -> None:
        """Type (ASCII alone: pycrdt counts bytes)."""
        made: list[bytes] = []

        def keep(event: TransactionEvent) -> None:
            made.append(event.update)

        subscription = self.doc.observe(keep)
        with self.doc.transaction():
            if remove:
                del self.root[at : at + remove]
            if insert:
                self.root.insert(at, insert)
        self.doc.unobserve(subscription)
        for update in made:
            self._submit(update)

    def _submit(self, update: bytes) -> None:
        self.sequence += 1
        self.pending.append((self.sequence, update))
        if self._document:
            self.sent.append(wire.DocumentEdit(self._document, self.sequence, update))

    # What the server says

    def _open(self, epoch: str) -> None:
        self._asked = epoch
        state = self.doc.get_state() if epoch else b""
        self.sent.append(wire.DocumentOpen(1, self.path, epoch, state, self.doc.client_id))

    def _on_DocumentOpened(self, message: wire.DocumentOpened) -> None:  # noqa: N802
        self.path = message.path
        if self._rebasing_from is not None:
            if self.text != self._rebasing_from:
                self._carry_over(message.document, self._rebasing_from)
                return
            self._rebasing_from = None
            self._begin(Doc(), Doc())
            self.pending = []
        elif self.epoch and self.epoch != message.epoch:
            self._carry_over(message.document, str(self.confirmed_root))
            return
        self.epoch, self._document = message.epoch, message.document
        self.doc.apply_update(message.update)
        self.confirmed.apply_update(message.update)
        unsent, self.pending, self.sequence = [update for _, update in self.pending], [], 0
        theirs = decode_clocks(message.state_vector)
        covered = decode_clocks_from(unsent)
        for client, clock in decode_clocks(self.doc.get_state()).items():
            known = theirs.get(client, 0)
            if clock > known and covered.get(client, 1 << 60) > known:
                unsent = [self.doc.get_update(message.state_vector)]
                break
        if unsent:
            self._submit(merge_updates(*unsent))

    def _carry_over(self, document: int, base: str) -> None:
        text = self.text
        self._rebasing_from = text
        packed = [zlib.compress(part.encode()) for part in (base, text)]
        self.sent.append(wire.DocumentRebase(2, document, secrets.token_hex(8), packed[0], packed[1]))

    def _on_DocumentRebased(self, message: wire.DocumentRebased) -> None:  # noqa: N802
        if message.version:
            self.notices.append(message.version)
        if message.problem:
            self.problems.append(message.problem)
        self.sent.append(wire.DocumentOpen(3, self.path, "", b"", 0))

    def _on_DocumentUpdate(self, message: wire.DocumentUpdate) -> None:  # noqa: N802
        if self._document:
            self.doc.apply_update(message.update)
            self.confirmed.apply_update(message.update)

    def _on_DocumentAck(self, message: wire.DocumentAck) -> None:  # noqa: N802
        for sequence, update in self.pending:
            if sequence <= message.sequence:
                self.confirmed.apply_update(update)
        self.pending = [one for one in self.pending if one[0] > message.sequence]

    def _on_DocumentMoved(self, message: wire.DocumentMoved) -> None:  # noqa: N802
        self.path = message.path

    def _on_DocumentGone(self, message: wire.DocumentGone) -> None:  # noqa: N802
        self.gone = message.gone

    def _on_DocumentRefused(self, message: wire.DocumentRefused) -> None:  # noqa: N802
        self._document = 0
        self._carry_over(message.document, str(self.confirmed_root))

    def _on_DocumentReset(self, message: wire.DocumentReset) -> None:  # noqa: N802
        self._document = 0
        self._open(self.epoch)


def decode_clocks_from(updates: list[bytes]) -> dict[int, int]:
    """Where each client's operations in these updates begin."""
    first: dict[int, int] = {}
    for update in updates:
        for client, clock, _ in read(update, Everything()):
            first[client] = min(clock, first.get(client, clock))
    return first


class Everything(dict[int, int]):
    """Clocks that know every operation."""

    def get(self, _client: int, _default: Any = None) -> int:
        return 1 << 52
