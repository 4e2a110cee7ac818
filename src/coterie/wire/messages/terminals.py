"""Terminals: PTYs of the machine, shared. `sequence` is the number of bytes a terminal has put out since it began."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from coterie.wire.capabilities import Capability
from coterie.wire.messages.base import ClientMessage, Record, ServerMessage, needs

WINDOW = 1 << 20
"""Bytes of output a client may be sent before it acknowledges some."""

ACKNOWLEDGE_EVERY = 512 << 10
"""Bytes of shown output after which a client acknowledges; half of WINDOW, so that output never waits for it."""

LONGEST_INPUT = 64 << 10
"""Bytes of one TerminalInput; a longer paste is sent in several."""

LARGEST_SCREEN = 1 << 20
"""Bytes of a described screen."""

MOST_COLUMNS = 1000
MOST_ROWS = 500
LONGEST_NAME = 80
"""Characters of a terminal's name."""

MACHINE_STOPPED = -1
"""`TerminalInfo.exit_code` of programs that ended because the machine did."""


class Interruption(StrEnum):
    """What a person can do to the program in front of a terminal, beside typing."""

    INTERRUPT = "interrupt"
    TERMINATE = "terminate"
    KILL = "kill"


class TerminalInfo(Record):
    """One terminal as everyone sees it."""

    terminal: int
    name: str
    columns: int
    rows: int
    driver: int
    """Connection that typed last, whose size everyone sees; 0: nobody who is still here."""
    ended: bool = False
    exit_code: int = 0
    """128 + n for a program that signal n ended, MACHINE_STOPPED for one that ended with the machine."""
    owner: str = ""
    """Display name of the person who opened it, as whom it acts in git."""
    title: str = ""
    """What the program calls itself (OSC 0 and 2), without control characters."""
    folder: str = ""
    """Where it was opened, relative to the files."""
    stopped: list[str] = msgspec.field(default_factory=list)
    """Programs that still ran in it when the workspace stopped; such a terminal is `ended`."""


@needs(Capability.TERMINAL_OPEN)
class TerminalOpen(ClientMessage):
    """Start a shell in `folder` (relative to the files, empty: their root)."""

    request: int
    folder: str = ""
    columns: int = 80
    rows: int = 24


@needs(Capability.TERMINAL_OPEN)
class TerminalRunAgain(ClientMessage):
    """Start a new shell in a terminal that has ended, below its old output; answered with Done."""

    request: int
    terminal: int
    columns: int = 80
    rows: int = 24


@needs(Capability.TERMINAL_READ)
class TerminalAttach(ClientMessage):
    """Receive output from byte `sequence` on (0: all that is kept); answered with TerminalAttached."""

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
    """Typed or pasted bytes, at most LONGEST_INPUT. Whoever sends it becomes the driver."""

    terminal: int
    data: bytes


@needs(Capability.TERMINAL_WRITE)
class TerminalSignal(ClientMessage):
    """Interrupt, terminate or kill the program in front, also when it does not read what is typed."""

    request: int
    terminal: int
    signal: Interruption


@needs(Capability.TERMINAL_WRITE)
class TerminalScreen(ClientMessage):
    """Answer to TerminalScreenWanted: sequences that draw the screen as it is after output up to `sequence`."""

    terminal: int
    sequence: int
    data: bytes


@needs(Capability.TERMINAL_RESIZE)
class TerminalResize(ClientMessage):
    """The size of this tab's pane, in character cells. Applied while its sender is the driver, else kept for then."""

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
    """Hang up and forget the terminal; what ignores the hang-up is killed."""

    request: int
    terminal: int


class TerminalOpened(ServerMessage):
    """Answer to TerminalOpen."""

    request: int
    terminal: int


class TerminalAttached(ServerMessage):
    """Answer to TerminalAttach, before any output. Output before byte `live` is replayed.

    What an emulator answers to questions in replayed output must not be sent: the program that asked has its answer.
    """

    request: int
    live: int


class TerminalsChanged(ServerMessage):
    """Every terminal there is: sent on connecting and after each change."""

    terminals: list[TerminalInfo]


class TerminalTyping(ServerMessage):
    """`connection` is typing in a terminal: sent at most once a second."""

    terminal: int
    connection: int


class TerminalScreenWanted(ServerMessage):
    """Describe the screen of a full-screen program, for those who come later than what it drew first is kept."""

    terminal: int


class TerminalOutput(ServerMessage):
    """Output that begins at byte `sequence`. `skipped` bytes before it were left out for a reader that fell behind.

    With `reset` the emulator is cleared first, then `preamble` is written, then `data`. The preamble restores the modes
    (alternate screen, cursor, mouse, colours …) that left-out output would have set.
    """

    terminal: int
    sequence: int
    data: bytes
    skipped: int = 0
    reset: bool = False
    preamble: bytes = b""
