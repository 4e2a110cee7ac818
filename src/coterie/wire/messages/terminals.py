"""Terminals: PTYs of the machine, shared. `sequence` is the number of bytes a terminal has put out since it began."""

from __future__ import annotations

from coterie.wire.capabilities import Capability
from coterie.wire.messages.base import ClientMessage, Record, ServerMessage, needs


class TerminalInfo(Record):
    """One terminal as everyone sees it."""

    terminal: int
    name: str
    columns: int
    rows: int
    driver: int
    """Connection that typed last, whose size everyone sees; 0: nobody yet."""
    ended: bool = False
    exit_code: int = 0
    owner: str = ""
    """Display name of the person who opened it, as whom it acts in git."""


@needs(Capability.TERMINAL_OPEN)
class TerminalOpen(ClientMessage):
    """Start a shell in `folder` (relative to the files, empty: their root)."""

    request: int
    folder: str = ""
    columns: int = 80
    rows: int = 24


@needs(Capability.TERMINAL_READ)
class TerminalAttach(ClientMessage):
    """Receive output from byte `sequence` on (0: all that is kept)."""

    request: int
    terminal: int
    sequence: int = 0


@needs(Capability.TERMINAL_READ)
class TerminalDetach(ClientMessage):
    """Receive no more output."""

    terminal: int


@needs(Capability.TERMINAL_READ)
class TerminalAck(ClientMessage):
    """Output up to `sequence` has been shown: flow-control credit."""

    terminal: int
    sequence: int


@needs(Capability.TERMINAL_WRITE)
class TerminalInput(ClientMessage):
    """Typed or pasted bytes."""

    terminal: int
    data: bytes


@needs(Capability.TERMINAL_RESIZE)
class TerminalResize(ClientMessage):
    """The driver's new size, in character cells."""

    terminal: int
    columns: int
    rows: int


@needs(Capability.TERMINAL_WRITE)
class TerminalRename(ClientMessage):
    """Give a terminal a name."""

    request: int
    terminal: int
    name: str


@needs(Capability.TERMINAL_CLOSE)
class TerminalClose(ClientMessage):
    """Hang up and forget the terminal."""

    request: int
    terminal: int


class TerminalOpened(ServerMessage):
    """Answer to TerminalOpen."""

    request: int
    terminal: int


class TerminalsChanged(ServerMessage):
    """Every terminal there is: sent on connecting and after each change."""

    terminals: list[TerminalInfo]


class TerminalOutput(ServerMessage):
    """Output that begins at byte `sequence`. `skipped` bytes before it were left out for a reader that fell behind."""

    terminal: int
    sequence: int
    data: bytes
    skipped: int = 0
