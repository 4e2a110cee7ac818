"""One shared terminal: a program in a PTY, its kept output, who reads it at which place, and who drives it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

from coterie.wire.capabilities import Capability
from coterie.wire.messages.terminals import (
    LONGEST_NAME,
    MOST_COLUMNS,
    MOST_ROWS,
    WINDOW,
    Interruption,
    TerminalInfo,
    TerminalOutput,
    TerminalTyping,
)
from coterie.workspace.frames import frame
from coterie.workspace.member import Member
from coterie.workspace.processes import Process
from coterie.workspace.terminals.modes import Modes, clean_title
from coterie.workspace.terminals.output import output_frame
from coterie.workspace.terminals.pty import Pty
from coterie.workspace.terminals.reader import Reader
from coterie.workspace.terminals.ring import Ring
from coterie.workspace.terminals.screen import Redraw, Screen

PIECE = 64 << 10
"""Bytes of one message to a reader that catches up. Pieces end at multiples of it, so readers come to share them."""

LAG = 1 << 20
"""Bytes a reader may be behind before it jumps to the live tail."""

TAIL = 64 << 10
"""Bytes before the head at which a reader that fell behind goes on."""

STALL = 2.0
"""Seconds after which a program no longer waits for readers none of whom shows anything."""

UNWATCHED_PAUSE = 0.002
"""Seconds between turns of reading while nobody reads: about 8 MB/s, without keeping a processor busy."""

_SIGNALS = {
    Interruption.INTERRUPT: signal.SIGINT,
    Interruption.TERMINATE: signal.SIGTERM,
    Interruption.KILL: signal.SIGKILL,
}


class Terminal:
    """A terminal. `changed` is called when anything in `info()` changed; `typing` is for its `Pty`."""

    def __init__(
        self,
        number: int,
        changed: Callable[[], None],
        *,
        name: str,
        folder: str,
        owner: str,
        ring: Ring,
        typing: Callable[[], bool],
    ) -> None:
        self.number = number
        self.name = name
        self.folder = folder
        self.owner = owner
        self.ring = ring
        self.columns = 80
        self.rows = 24
        self.title = ""
        self.ended = True
        self.exit_code = 0
        self.stopped: list[str] = []
        self.driver = 0
        self.starting = False
        """Whether a new program is being started in it."""
        self.process: Process | None = None
        self.entered = self.heard = 0.0
        """When somebody last pressed Enter, and when it last wrote anything, in the event loop's time; 0: never."""
        self._driving_user = ""
        self._changed = changed
        self._typing = typing
        self._loop = asyncio.get_running_loop()
        self._pty: Pty | None = None
        self._readers: dict[Member, Reader] = {}
        self._shared: dict[tuple[int, int], tuple[bytes, ...]] = {}
        """Frames of the last pieces, by first byte and end, for readers that catch up side by side."""
        self._holding: asyncio.TimerHandle | None = None
        self._typed = 0.0
        self._run: asyncio.Task[None] | None = None
        self._screen = Screen(number, ring, self._answered)
        self._redraw = Redraw(ring)

    def info(self) -> TerminalInfo:
        """Return what everyone sees of it now."""
        return TerminalInfo(
            terminal=self.number,
            name=self.name,
            columns=self.columns,
            rows=self.rows,
            driver=self.driver,
            ended=self.ended,
            exit_code=self.exit_code,
            owner=self.owner,
            title=self.title,
            folder=self.folder,
            stopped=self.stopped,
        )

    # The program

    def run(self, process: Process, opener: Member, columns: int, rows: int) -> None:
        """Show `process`, which was just started with this size by `opener`, who drives until somebody else types."""
        if self.ring.head:
            self._output(b"\r\n")
        self.columns, self.rows = columns, rows
        self.process = process
        self.ended = False
        self.exit_code = 0
        self.stopped = []
        self.title = ""
        self._drive(opener)
        self._pty = Pty(process.master, self._output, self._typing)
        self._run = self._loop.create_task(self._follow(process, self._pty))
        self._changed()

    async def _follow(self, process: Process, pty: Pty) -> None:
        self.exit_code = await process.wait()
        await pty.finish()
        self._pty = self.process = None
        self._stop_holding()
        if self.ring.tracker.modes != Modes() or not self.ring.tracker.whole:
            # What the program left switched on, or half a sequence (CAN ends it), must not reach beyond its end.
            leave = b"\x1b[?1049l" if self.ring.tracker.modes.alternate else b""
            self._output(b"\x18" + leave + Modes().preamble())
        self.ended = True
        self._changed()

    def signal(self, interruption: Interruption) -> None:
        """Signal the program in front."""
        if self.process is None:
            return
        if interruption is Interruption.INTERRUPT and self._pty:
            # The kernel turns it into the signal for the program in front alone; the shell stays.
            self._pty.interrupt()
        else:
            self.process.signal(_SIGNALS[interruption])

    async def close(self) -> None:
        """Hang up, kill what ignores that, and return once the program is gone."""
        if self.process is not None:
            self.process.hang_up()
        if self._run is not None:
            await self._run

    def let_go(self) -> None:
        """Release the PTY and all timers without waiting for the program, which ends with the machine."""
        if self._run is not None:
            self._run.cancel()
        if self._pty is not None:
            self._pty.close()
        self._stop_holding()
        self._redraw.close()
        self._screen.close()

    # Output

    def _output(self, data: bytes) -> None:
        self.heard = self._loop.time()
        before = self.ring.head
        title = self.ring.tracker.title
        alternate = self.ring.tracker.modes.alternate
        self.ring.append(data)
        head = self.ring.head
        if self.ring.tracker.title != title:
            self._retitle()
        if self._screen.follow(before, alternate):
            self._ask()
        shared: tuple[bytes, ...] = ()
        for reader in self._readers.values():
            if reader.sent == before and reader.open:
                shared = shared or output_frame(self.number, before, data)
                reader.member.send_frame(*shared)
                reader.sent = head
        self._pace()

    def _pace(self) -> None:
        """Read on while the fastest reader keeps up.

        Invariant: while the program runs, either it is read, or a timer is set that has it read again. The timer begins
        anew with every sign of life of a reader.
        """
        if self._pty is None:
            return
        if not self._readers:
            self._hold(UNWATCHED_PAUSE)
        elif any(not r.stalled and self.ring.head - r.shown < WINDOW for r in self._readers.values()):
            self._stop_holding()
            self._pty.resume()
        elif all(r.stalled for r in self._readers.values()):
            self._hold(UNWATCHED_PAUSE)
        else:
            self._hold(STALL)

    def _hold(self, seconds: float) -> None:
        if self._holding is None and self._pty is not None:
            self._pty.pause()
            self._holding = self._loop.call_later(seconds, self._held)

    def _held(self) -> None:
        self._holding = None
        for reader in self._readers.values():
            # Nobody showed anything since the hold began, or it would have begun anew.
            reader.stalled = True
        if self._pty is not None:
            self._pty.resume()

    def _stop_holding(self) -> None:
        if self._holding is not None:
            self._holding.cancel()
            self._holding = None

    def _retitle(self) -> None:
        title = clean_title(self.ring.tracker.title)
        if title != self.title:
            self.title = title
            self._changed()

    # Readers

    def attach(self, member: Member, sequence: int) -> None:
        """Send `member` the output from `sequence` on, or from the oldest kept place where that is gone or 0."""
        old = self._readers.get(member)
        reader = Reader(member, sequence, self.ring.head)
        if old is not None:
            reader.columns, reader.rows = old.columns, old.rows
        self._readers[member] = reader
        returns = self._driving_user == member.ticket.user and member.may(Capability.TERMINAL_WRITE)
        if not self.driver and returns:
            self.driver = member.id
            self._changed()
        if sequence == 0 or not self.ring.start <= sequence <= self.ring.head:
            self._begin(reader)
        self._pull(reader)
        self._pace()

    def _begin(self, reader: Reader, *, ask: bool = True) -> None:
        """Start a reader that shows nothing yet, or whose place is gone."""
        cut = self.ring.cut(self.ring.start)
        amid = cut.modes.alternate and self.ring.tracker.modes.alternate
        if amid:
            if self._send_screen(reader, self.ring.start):
                return
            if ask and self._ask(reader):
                reader.waiting = True
                return
        known = 0 < reader.sent <= cut.sequence
        preamble = cut.modes.preamble() if cut.sequence else b""
        skipped = cut.sequence - reader.sent if known else 0
        reader.member.send(TerminalOutput(self.number, cut.sequence, b"", skipped, True, preamble))
        reader.jump(cut.sequence)
        if amid:
            self._draw_again()

    def _send_screen(self, reader: Reader, since: int) -> bool:
        """Start a reader with the screen as it was described, if that was at `since` or later."""
        if (described := self._screen.since(since)) is None:
            return False
        sequence, screen = described
        skipped = max(0, sequence - reader.sent) if reader.sent else 0
        reader.member.send(TerminalOutput(self.number, sequence, b"", skipped, True, screen))
        reader.jump(sequence)
        return True

    def _ask(self, late: Reader | None = None) -> bool:
        """Have somebody other than `late` describe the screen; return whether somebody was or is asked.

        Only those who may type are asked: they could put anything on everybody's screen anyway.
        """
        return self._screen.asking or self._screen.ask(
            [
                reader.member
                for reader in self._readers.values()
                if reader is not late
                and reader.open
                and not reader.stalled
                and reader.member.may(Capability.TERMINAL_WRITE)
            ],
            self.driver,
        )

    def described(self, member: Member, sequence: int, screen: bytes) -> None:
        """`member`, if they were asked, describe the screen as it is at `sequence`."""
        if (reader := self._readers.get(member)) is not None:
            self._screen.described(member, reader.sent, sequence, screen)

    def _answered(self) -> None:
        for reader in self._readers.values():
            if reader.waiting:
                reader.waiting = False
                self._begin(reader, ask=False)
                self._pull(reader)
        self._pace()

    def detach(self, member: Member) -> None:
        """Send `member` nothing more."""
        if self._readers.pop(member, None) is not None:
            self._screen.left(member)
            self._stop_holding()
            self._pace()

    def left(self, member: Member) -> None:
        """The connection is gone; its person drives again when they come back before anyone else typed."""
        self.detach(member)
        if self.driver == member.id:
            self.driver = 0
            self._changed()

    def acknowledge(self, member: Member, sequence: int) -> None:
        """`member` has shown the output up to `sequence`."""
        if (reader := self._readers.get(member)) is not None:
            if reader.acknowledge(sequence):
                self._stop_holding()
            self._pull(reader)
            self._pace()

    def paused(self, member: Member) -> None:
        """`member`'s connection takes in less than is sent."""
        if (reader := self._readers.get(member)) is not None:
            reader.paused = True

    def resumed(self, member: Member) -> None:
        """`member`'s connection caught up."""
        if (reader := self._readers.get(member)) is not None:
            reader.paused = False
            self._pull(reader)

    def _pull(self, reader: Reader) -> None:
        head = self.ring.head
        if reader.open and (reader.sent < self.ring.start or head - max(reader.sent, reader.joined) > LAG):
            self._skip(reader)
        while reader.open and reader.sent < head:
            begin = reader.sent
            end = min(head, (begin // PIECE + 1) * PIECE)
            shared = self._shared.get((begin, end), ())
            if not shared:
                shared = output_frame(self.number, begin, self.ring.read(begin, end - begin))
                while len(self._shared) >= 4:
                    del self._shared[next(iter(self._shared))]
                self._shared[begin, end] = shared
            reader.member.send_frame(*shared)
            reader.sent = end

    def _skip(self, reader: Reader) -> None:
        if self._send_screen(reader, max(reader.sent, self.ring.head - LAG) + 1):
            return
        cut = self.ring.near(max(self.ring.start, self.ring.head - TAIL), LAG // 2)
        if cut.sequence <= reader.sent:
            return
        message = TerminalOutput(
            self.number, cut.sequence, b"", cut.sequence - reader.sent, False, b"\x18" + cut.modes.preamble()
        )
        reader.member.send(message)
        reader.jump(cut.sequence)
        if cut.modes.alternate and self.ring.tracker.modes.alternate:
            self._draw_again()

    def _draw_again(self) -> None:
        if self._pty is not None:
            self._redraw.begin(self._pty, lambda: (self.columns, self.rows))

    # Input and size

    def type(self, member: Member, data: bytes) -> None:
        """Pass on what `member` typed, and let them drive. Raises CoterieError(LIMIT) as `Pty.write`."""
        if self._pty is None:
            return
        if self.driver != member.id:
            self._drive(member)
            reader = self._readers.get(member)
            if reader is not None and reader.columns:
                self._resize(reader.columns, reader.rows)
            self._changed()
        self._pty.write(member, data)
        now = self._loop.time()
        if b"\r" in data or b"\n" in data:
            self.entered = now
        if now - self._typed >= 1.0:
            self._typed = now
            typing: bytes | None = None
            for reader in self._readers.values():
                if reader.member is not member:
                    typing = typing or frame(TerminalTyping(self.number, member.id))
                    reader.member.send_frame(typing)

    def resize(self, member: Member, columns: int, rows: int) -> None:
        """Remember the size of `member`'s pane; use it if they drive, or if nobody ever did."""
        columns, rows = clamp_size(columns, rows)
        if (reader := self._readers.get(member)) is not None:
            reader.columns, reader.rows = columns, rows
        if not self._driving_user:
            self._drive(member)
        if self.driver == member.id and (columns, rows) != (self.columns, self.rows):
            self._resize(columns, rows)
            self._changed()

    def rename(self, name: str) -> None:
        """Give it a name: one line, at most LONGEST_NAME characters. An empty one changes nothing."""
        name = clean_title(name.encode("utf-8", "replace"), LONGEST_NAME)
        if name and name != self.name:
            self.name = name
            self._changed()

    def _drive(self, member: Member) -> None:
        self.driver = member.id
        self._driving_user = member.ticket.user

    def _resize(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        if self._pty is not None:
            self._pty.resize(columns, rows)


def clamp_size(columns: int, rows: int) -> tuple[int, int]:
    """Return a size that programs can work with."""
    return min(max(columns, 2), MOST_COLUMNS), min(max(rows, 1), MOST_ROWS)
