"""Every terminal of the workspace, and what members may ask of them."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import posixpath
from collections.abc import Callable
from pathlib import Path

from coterie.wire.capabilities import Capability
from coterie.wire.errors import CoterieError, ErrorCode
from coterie.wire.launch import TERMINAL_KEEP
from coterie.wire.messages import ClientMessage
from coterie.wire.messages.connection import Done
from coterie.wire.messages.terminals import (
    LARGEST_SCREEN,
    LONGEST_INPUT,
    MACHINE_STOPPED,
    TerminalAck,
    TerminalAttach,
    TerminalAttached,
    TerminalClose,
    TerminalDetach,
    TerminalInput,
    TerminalOpen,
    TerminalOpened,
    TerminalRename,
    TerminalResize,
    TerminalRunAgain,
    TerminalsChanged,
    TerminalScreen,
    TerminalSignal,
)
from coterie.workspace.frames import frame
from coterie.workspace.member import Member
from coterie.workspace.paths import parts
from coterie.workspace.processes import Process, Running, Spawner
from coterie.workspace.service import Handler
from coterie.workspace.terminals.environment import shell, shell_environment
from coterie.workspace.terminals.ring import Ring
from coterie.workspace.terminals.saved import Saved, Shelf
from coterie.workspace.terminals.terminal import Terminal, clamp_size
from coterie.workspace.work import Job, Work

MOST_TERMINALS = 64
"""In one workspace, ended ones included."""

SAVE_EVERY = 15.0
"""Seconds between saves of terminals with new output, for machines that end without a word."""

ANNOUNCE_EVERY = 0.05
"""Seconds between announcements at least: a program may change its title ten thousand times a second."""

_MOST_ASKED = 8
"""Terminals, the liveliest, of which the machine is asked what runs in them: it looks at every process for each."""

_ASK_WITHIN = 1.0
"""Seconds within which the machine must say what still runs."""


class Terminals:
    """The service behind every Terminal… message.

    `files` is the folder terminals start in, as user processes see it; `environment` what the workspace adds to theirs;
    `state` a private directory, `ring_size` the bytes of output kept of each terminal, `typing` whether people wait
    for anything else than output just now.
    """

    def __init__(
        self,
        spawner: Spawner,
        *,
        files: str,
        state: Path,
        environment: dict[str, str] | None = None,
        ring_size: int = TERMINAL_KEEP,
        typing: Callable[[], bool] = lambda: False,
    ) -> None:
        self._spawner = spawner
        self._files = files
        self._environment = environment or {}
        self._ring_size = ring_size
        self._typing = typing
        self._shelf = Shelf(state / "terminals")
        self._terminals: dict[int, Terminal] = {}
        self._members: set[Member] = set()
        self._saved_heads: dict[int, int] = {}
        self._next = 1
        """Never given twice in one run of the server, so that a returning page cannot take one terminal for another."""
        self._opening = 0
        self._announcing: asyncio.TimerHandle | None = None
        self._announced = 0.0
        self._saving: asyncio.Task[None] | None = None

    def handlers(self) -> dict[type[ClientMessage], Handler]:
        """See `Service.handlers`."""
        return {
            TerminalOpen: self._open,
            TerminalRunAgain: self._run_again,
            TerminalAttach: self._attach,
            TerminalDetach: self._detach,
            TerminalAck: self._ack,
            TerminalInput: self._input,
            TerminalSignal: self._signal,
            TerminalScreen: self._screen,
            TerminalResize: self._resize,
            TerminalRename: self._rename,
            TerminalClose: self._close,
        }

    def joined(self, member: Member) -> None:
        """Tell a new member which terminals there are."""
        if member.may(Capability.TERMINAL_READ):
            self._members.add(member)
            member.send(self._all())

    def left(self, member: Member) -> None:
        """See `Service.left`."""
        self._members.discard(member)
        for terminal in self._terminals.values():
            terminal.left(member)

    def paused(self, member: Member) -> None:
        """See `Service.paused`."""
        for terminal in self._terminals.values():
            terminal.paused(member)

    def resumed(self, member: Member) -> None:
        """See `Service.resumed`."""
        for terminal in self._terminals.values():
            terminal.resumed(member)

    async def start(self) -> None:
        """Bring back what was saved, as ended terminals."""
        for saved in await asyncio.to_thread(self._shelf.load):
            ring = Ring.restored(saved.start, saved.output, saved.modes, self._ring_size)
            terminal = self._new(saved.number, saved.name, saved.folder, saved.owner, ring)
            terminal.columns, terminal.rows = saved.columns, saved.rows
            terminal.title, terminal.exit_code, terminal.stopped = saved.title, saved.exit_code, saved.stopped
            self._saved_heads[saved.number] = ring.head
        self._saving = asyncio.create_task(self._save_now_and_then())

    async def stop(self) -> None:
        """Save every terminal with what still runs in it, and let go of them."""
        if self._saving is not None:
            self._saving.cancel()
        terminals = list(self._terminals.values())
        await asyncio.gather(*(self._save(terminal) for terminal in terminals))
        for terminal in terminals:
            terminal.let_go()
        if self._announcing is not None:
            self._announcing.cancel()

    async def at_work(self) -> list[Work]:
        """Return what every terminal is at, an ended one too: what it changed may be noticed after its end."""
        terminals = sorted(self._terminals.values(), key=lambda one: max(one.entered, one.heard), reverse=True)
        return [
            await _work(one) if rank < _MOST_ASKED else Work(one.number, one.name, one.owner, one.entered, one.heard)
            for rank, one in enumerate(terminals)
        ]

    # Messages

    async def _open(self, member: Member, message: TerminalOpen) -> None:
        folder = "/".join(parts(message.folder))
        # Counted before the machine is asked, or many requests at once would pass the limit together.
        if len(self._terminals) + self._opening >= MOST_TERMINALS:
            raise CoterieError(
                ErrorCode.LIMIT, f"There are {MOST_TERMINALS} terminals already. Close one of them first."
            )
        self._opening += 1
        try:
            columns, rows = clamp_size(message.columns, message.rows)
            process = await self._spawn(member, folder, columns, rows)
        finally:
            self._opening -= 1
        ring = Ring(self._ring_size)
        terminal = self._new(self._next, self._free_name(), folder, member.ticket.display_name, ring)
        terminal.run(process, member, columns, rows)
        member.send(TerminalOpened(message.request, terminal.number))

    async def _run_again(self, member: Member, message: TerminalRunAgain) -> None:
        terminal = self._find(message.terminal)
        if not terminal.ended or terminal.starting:
            raise CoterieError(ErrorCode.CONFLICT, f"{terminal.name} is running already.")
        terminal.starting = True
        try:
            columns, rows = clamp_size(message.columns, message.rows)
            process = await self._spawn(member, terminal.folder, columns, rows)
        finally:
            terminal.starting = False
        if terminal.number not in self._terminals:
            process.hang_up()
            os.close(process.master)
            raise _no_such()
        terminal.owner = member.ticket.display_name
        terminal.run(process, member, columns, rows)
        member.send(Done(message.request))

    def _attach(self, member: Member, message: TerminalAttach) -> None:
        terminal = self._find(message.terminal)
        member.send(TerminalAttached(message.request, terminal.ring.head))
        terminal.attach(member, message.sequence)

    def _detach(self, member: Member, message: TerminalDetach) -> None:
        if terminal := self._terminals.get(message.terminal):
            terminal.detach(member)

    def _ack(self, member: Member, message: TerminalAck) -> None:
        if terminal := self._terminals.get(message.terminal):
            terminal.acknowledge(member, message.sequence)

    def _input(self, member: Member, message: TerminalInput) -> None:
        if len(message.data) > LONGEST_INPUT:
            raise CoterieError(ErrorCode.TOO_BIG, "That is too much to type at once. Put it into a file instead.")
        # What is typed into a terminal that was closed a moment ago is lost, as it would be a moment later.
        if terminal := self._terminals.get(message.terminal):
            terminal.type(member, message.data)

    def _signal(self, member: Member, message: TerminalSignal) -> None:
        self._find(message.terminal).signal(message.signal)
        member.send(Done(message.request))

    def _screen(self, member: Member, message: TerminalScreen) -> None:
        if terminal := self._terminals.get(message.terminal):
            terminal.described(member, message.sequence, message.data[:LARGEST_SCREEN])

    def _resize(self, member: Member, message: TerminalResize) -> None:
        if terminal := self._terminals.get(message.terminal):
            terminal.resize(member, message.columns, message.rows)

    def _rename(self, member: Member, message: TerminalRename) -> None:
        self._find(message.terminal).rename(message.name)
        member.send(Done(message.request))

    async def _close(self, member: Member, message: TerminalClose) -> None:
        terminal = self._find(message.terminal)
        del self._terminals[terminal.number]
        self._saved_heads.pop(terminal.number, None)
        self._changed()
        await terminal.close()
        await asyncio.to_thread(self._shelf.forget, terminal.number)
        member.send(Done(message.request))

    # Inside

    def _find(self, number: int) -> Terminal:
        terminal = self._terminals.get(number)
        if terminal is None:
            raise _no_such()
        return terminal

    def _new(self, number: int, name: str, folder: str, owner: str, ring: Ring) -> Terminal:
        terminal = Terminal(
            number, self._changed, name=name, folder=folder, owner=owner, ring=ring, typing=self._typing
        )
        self._terminals[number] = terminal
        self._next = max(self._next, number + 1)
        return terminal

    def _free_name(self) -> str:
        taken = {terminal.name for terminal in self._terminals.values()}
        return next(name for n in itertools.count(1) if (name := f"Terminal {n}") not in taken)

    async def _spawn(self, member: Member, folder: str, columns: int, rows: int) -> Process:
        return await self._spawner.spawn(
            [shell(self._environment)],
            folder=posixpath.join(self._files, folder) if folder else self._files,
            environment=shell_environment(self._environment, member.ticket),
            columns=columns,
            rows=rows,
        )

    def _all(self) -> TerminalsChanged:
        return TerminalsChanged([terminal.info() for terminal in self._terminals.values()])

    def _changed(self) -> None:
        if self._announcing is None:
            loop = asyncio.get_running_loop()
            due = max(loop.time(), self._announced + ANNOUNCE_EVERY)
            self._announcing = loop.call_at(due, self._announce)

    def _announce(self) -> None:
        self._announcing = None
        self._announced = asyncio.get_running_loop().time()
        if self._members:
            all_of_them = frame(self._all())
            for member in self._members:
                member.send_frame(all_of_them)

    async def _save_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(SAVE_EVERY)
            for terminal in list(self._terminals.values()):
                if self._saved_heads.get(terminal.number) != terminal.ring.head:
                    await self._save(terminal)

    async def _save(self, terminal: Terminal) -> None:
        stopped, exit_code = terminal.stopped, terminal.exit_code
        if terminal.process is not None:
            stopped, exit_code = (await _running(terminal)).commands, MACHINE_STOPPED
        start, output, modes = terminal.ring.contents()
        head = terminal.ring.head
        saved = Saved(
            number=terminal.number,
            name=terminal.name,
            folder=terminal.folder,
            owner=terminal.owner,
            columns=terminal.columns,
            rows=terminal.rows,
            title=terminal.title,
            exit_code=exit_code,
            stopped=stopped,
            start=start,
            output=output,
            modes=modes,
        )
        await asyncio.to_thread(self._shelf.save, saved)
        if terminal.number in self._terminals:
            self._saved_heads[terminal.number] = head
        else:
            await asyncio.to_thread(self._shelf.forget, terminal.number)


async def _running(terminal: Terminal) -> Running:
    """What runs in a terminal beside its shell; nothing when the machine does not say in time."""
    if terminal.process is not None:
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(terminal.process.running(), _ASK_WITHIN)
    return Running([], [])


async def _work(terminal: Terminal) -> Work:
    commands, jobs = await _running(terminal)
    now = asyncio.get_running_loop().time()
    return Work(
        terminal.number,
        terminal.name,
        terminal.owner,
        terminal.entered,
        terminal.heard,
        tuple(commands),
        tuple(Job(pid, command, now - age) for pid, age, command in jobs),
    )


def _no_such() -> CoterieError:
    return CoterieError(ErrorCode.NOT_FOUND, "This terminal was closed.")
