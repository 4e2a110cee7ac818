"""One person's tab reading one terminal: what it was sent, what it has shown, and what of that it may still owe."""

from __future__ import annotations

from coterie.wire.messages.terminals import WINDOW
from coterie.workspace.member import Member


class Reader:
    """A position in a terminal's output. Invariant: `shown <= sent`, both numbers of bytes since the terminal began."""

    __slots__ = ("columns", "joined", "member", "paused", "rows", "sent", "shown", "stalled", "waiting")

    def __init__(self, member: Member, sequence: int, head: int) -> None:
        self.member = member
        self.sent = sequence
        self.shown = sequence
        self.joined = head
        """Where the output stood when it came: being behind that is replay, not slowness."""
        self.paused = False
        """Its connection takes in less than is sent."""
        self.stalled = False
        """It showed nothing for so long that the program no longer waits for it."""
        self.waiting = False
        """Somebody who sees the screen was asked to describe it; until then it is sent nothing."""
        self.columns = 0
        self.rows = 0

    @property
    def open(self) -> bool:
        """Whether it may be sent more now."""
        return not self.paused and not self.waiting and self.sent - self.shown < WINDOW

    def acknowledge(self, sequence: int) -> bool:
        """It has shown the output up to `sequence` (cut to what it was sent); return whether that is news."""
        shown = min(sequence, self.sent)
        if shown <= self.shown:
            return False
        self.shown = shown
        self.stalled = False
        return True

    def jump(self, sequence: int) -> None:
        """Go on at `sequence`, with nothing owed."""
        self.sent = self.shown = sequence
        self.stalled = False
