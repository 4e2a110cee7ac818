"""People for tests: a member that collects what it is sent, and a page that does with it what the browser does."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from typing import Any

from pycrdt import Doc, Text, TransactionEvent

from coterie.wire.capabilities import ACCESS, Capability, Role
from coterie.wire.closing import Closing
from coterie.wire.messages import ServerMessage, decode_server, encode
from coterie.wire.messages import documents as wire
from coterie.wire.tickets import Ticket
from coterie.workspace.documents.service import Documents


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
        self.backlog = 0

    def may(self, capability: Capability) -> bool:
        return capability in self.ticket.capabilities

    def send(self, message: ServerMessage) -> None:
        self.send_frame(b"\x82\x7f" + len(encode(message)).to_bytes(8, "big") + encode(message))

    def send_frame(self, frame: bytes) -> None:
        if self.closed is None:
            self.inbox.extend(messages(frame))

    def close(self, closing: Closing, detail: str = "") -> None:
        self.closed = self.closed or closing
