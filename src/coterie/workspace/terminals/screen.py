"""What a full-screen program shows, for readers whose output begins in the middle of it.

The output alone does not tell: what was drawn may be megabytes back. A page that shows the terminal is asked to
describe its screen; where none can, the program is made to draw everything again.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence

from coterie.wire.messages.terminals import TerminalScreenWanted
from coterie.workspace.member import Member
from coterie.workspace.terminals.modes import Modes
from coterie.workspace.terminals.pty import Pty
from coterie.workspace.terminals.ring import Ring

DESCRIBE_WITHIN = 1.0
"""Seconds a page has to describe its screen before a late joiner does without."""

REDRAW_LOOK = 0.05
"""Seconds between looks at whether a full-screen program that sees one row less has begun to draw everything again."""

REDRAW_WITHIN = 2.0
"""Seconds after which the row is given back to a program that draws everything without clearing the screen first (tmux,
top), or not at all."""

_CLEAR = re.compile(rb"\x1b\[2J|\x1b\[H\x1b\[0?J")
"""How programs clear the screen: whoever sees output from before it on sees all that is drawn after it."""


class Screen:
    """The last description of the alternate screen. `over` is called when an asking ends, answered or not."""

    def __init__(self, terminal: int, ring: Ring, over: Callable[[], None]) -> None:
        self._terminal = terminal
        self._ring = ring
        self._over = over
        self._described: tuple[int, bytes] | None = None
        self._drawn = 0
        """From where on the screen is known: from the beginning of the alternate one, or from what was described."""
        self._asked: Member | None = None
        self._asking: asyncio.TimerHandle | None = None
        self._places: dict[int, Modes] = {}
        """While somebody is asked: places at which a screen may be described, not inside a sequence or a character."""

    @property
    def asking(self) -> bool:
        """Whether somebody is asked just now."""
        return self._asking is not None

    def since(self, sequence: int) -> tuple[int, bytes] | None:
        """Return the description, and the place in the output it is of, if that is at `sequence` or later."""
        return self._described if self._described is not None and self._described[0] >= sequence else None

    def follow(self, before: int, was_alternate: bool) -> bool:
        """The output went on from `before`; return whether a new description is wanted, lest it be forgotten."""
        ring, modes = self._ring, self._ring.tracker.modes
        if self._asking is not None and ring.tracker.whole:
            self._places[ring.head] = modes
        if modes.alternate:
            if was_alternate:
                return ring.head - self._drawn > ring.size // 2
            self._drawn = before
        elif was_alternate:
            self._described = None
        return False

    def ask(self, able: Sequence[Member], driver: int) -> bool:
        """Have one of those who are able describe it, best the driver; return whether somebody was or is asked."""
        if self._asking is not None:
            return True
        if not able:
            return False
        self._asked = next((member for member in able if member.id == driver), able[0])
        self._asked.send(TerminalScreenWanted(self._terminal))
        self._places = {self._ring.head: self._ring.tracker.modes} if self._ring.tracker.whole else {}
        self._asking = asyncio.get_running_loop().call_later(DESCRIBE_WITHIN, self._end)
        return True

    def described(self, member: Member, sent: int, sequence: int, screen: bytes) -> None:
        """`member`, if they were asked and were sent the output up to `sent`, describe it as it is at `sequence`."""
        if self._asked is not member:
            return
        modes = self._places.get(sequence)
        if not self._ring.start <= sequence <= sent or not self._ring.tracker.modes.alternate:
            self._end()
        elif modes is None:
            # Between two halves of a sequence; the page is elsewhere by the time it is asked again.
            member.send(TerminalScreenWanted(self._terminal))
        else:
            self._described = (sequence, screen + modes.beside_screen())
            self._drawn = sequence
            self._end()

    def left(self, member: Member) -> None:
        """`member` does not answer any more."""
        if self._asked is member:
            self._end()

    def close(self) -> None:
        """Wait for nobody."""
        if self._asking is not None:
            self._asking.cancel()

    def _end(self) -> None:
        self.close()
        self._asked = self._asking = None
        self._places.clear()
        self._over()


class Redraw:
    """Makes a full-screen program draw everything again, by taking a row away from it for a moment."""

    def __init__(self, ring: Ring) -> None:
        self._ring = ring
        self._looking: asyncio.TimerHandle | None = None

    def begin(self, pty: Pty, size: Callable[[], tuple[int, int]]) -> None:
        """Begin, unless it is under way. `size` tells which columns and rows to give back."""
        columns, rows = size()
        if self._looking is None and rows > 1:
            pty.resize(columns, rows - 1)
            until = asyncio.get_running_loop().time() + REDRAW_WITHIN
            self._look_again(pty, size, self._ring.head, until)

    def close(self) -> None:
        """Leave everything as it is."""
        if self._looking is not None:
            self._looking.cancel()

    def _look_again(self, pty: Pty, size: Callable[[], tuple[int, int]], before: int, until: float) -> None:
        loop = asyncio.get_running_loop()
        self._looking = loop.call_later(REDRAW_LOOK, self._look, pty, size, before, until)

    def _look(self, pty: Pty, size: Callable[[], tuple[int, int]], before: int, until: float) -> None:
        """Give the row back once the program has cleared the screen to draw without it.

        A program to which both sizes come as one signal finds the size it had, and draws nothing (ncurses). That it
        put out something says little: on a busy machine one that draws all the time does so before it hears of a size.
        """
        since = max(before, self._ring.start)
        cleared = _CLEAR.search(self._ring.read(since, self._ring.head - since))
        if asyncio.get_running_loop().time() < until and not cleared:
            self._look_again(pty, size, before, until)
        else:
            self._looking = None
            pty.resize(*size())
