"""Web ports: programs in the machine that listen, which the page offers to open."""

from __future__ import annotations

from coterie.wire.messages.base import Record, ServerMessage


class Port(Record):
    """A TCP port on which a program in the machine listens."""

    port: int
    process: str = ""
    """The program's name where it is known."""


class PortsChanged(ServerMessage):
    """Every port that can be opened, lowest first: sent on connecting and after each change."""

    ports: list[Port]
