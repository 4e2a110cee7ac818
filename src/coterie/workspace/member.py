"""One connection of one person, as documents, terminals and files see it: no sockets, no transport."""

from __future__ import annotations

from typing import Protocol

from coterie.wire.capabilities import Capability
from coterie.wire.closing import Closing
from coterie.wire.messages import ServerMessage
from coterie.wire.tickets import Ticket


class Member(Protocol):
    """Who is connected and how to speak to them. Hashable by identity; everything runs on the event loop's thread."""

    @property
    def id(self) -> int:
        """Connection number, unique per server run, from 1."""
        ...

    @property
    def ticket(self) -> Ticket: ...

    def may(self, capability: Capability) -> bool:
        """Whether the ticket holds `capability`."""
        ...

    def send(self, message: ServerMessage) -> None:
        """Send one message. Everything sent in one turn of the event loop leaves in one write, in order."""
        ...

    def send_frame(self, *pieces: bytes) -> None:
        """Send what `frames.frame` built, whole, in pieces or several joined: it is built once for all receivers."""
        ...

    def send_at_once(self, data: bytes) -> None:
        """The same, and not collected with what else is sent in this turn: for what has been collected already.

        What was sent before leaves before. The member may be paused before this returns.
        """
        ...

    @property
    def backlog(self) -> int:
        """Bytes accepted but not yet taken by the kernel."""
        ...

    def close(self, closing: Closing, detail: str = "") -> None:
        """Close with the code and its sentence; `detail` is for the log. What is sent afterwards goes nowhere."""
        ...
