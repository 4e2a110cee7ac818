from __future__ import annotations

import asyncio
import os
import tempfile
import time
from enum import EnumType
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
import pytest

from coterie.wire.capabilities import ACCESS, Capability, Role
from coterie.wire.closing import Closing
from coterie.wire.errors import ErrorCode
from coterie.wire.ids import new_id
from coterie.wire.launch import Launch
from coterie.wire.messages import CAPABILITY, CLIENT_MESSAGES, MAX_CLIENT_MESSAGE, ClientMessage, encode
from coterie.wire.messages.connection import Failed, PeopleChanged, Ping, Pong, Welcome
from coterie.wire.messages.documents import DocumentOpen, DocumentOpened
from coterie.wire.messages.files import FileList, FileWatch
from coterie.workspace.app import WorkspaceServer
from tests.support.raw import RawSocket
from tests.support.socket import Closed
from tests.support.workspace import RunningWorkspace


def sample(message: type[ClientMessage]) -> ClientMessage:
    """A message of this type that does nothing much: numbers are 0, texts and bytes empty."""
    empty: dict[Any, Any] = {int: 0, str: "", bytes: b"", bool: False, float: 0.0}
    hints = get_type_hints(message)
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(message):
        if field.required:
            kind = hints[field.name]
            values[field.name] = next(iter(kind)) if isinstance(kind, EnumType) else empty.get(kind, [])
    return message(**values)


async def test_every_client_message_has_exactly_one_handler(tmp_path: Path) -> None:
    for name in ("files", "state"):
        (tmp_path / name).mkdir()
    launch = Launch(
        workspace="w",
        name="W",
        files=str(tmp_path / "files"),
        home=str(tmp_path),
        state=str(tmp_path / "state"),
        run=str(tmp_path),
        hub_key=bytes(32),
    )
    assert WorkspaceServer(launch).members.handled == set(CLIENT_MESSAGES)


async def test_welcome_is_first_and_a_ping_is_answered(server: RunningWorkspace) -> None:
    page = await server.open(server.ticket(Role.EDITOR, "grace", colour=7))
    assert isinstance(page.messages[0], Welcome)
    assert set(page.welcome.capabilities) == ACCESS[Role.EDITOR]
    me = next(person for person in page.welcome.people if person.connection == page.welcome.connection)
    assert (me.username, me.colour, me.role) == ("grace", 7, Role.EDITOR)
    page.send(Ping(42))
    assert (await page.wait(Pong)).number == 42
    page.close()


@pytest.mark.parametrize("role", list(Role))
async def test_every_message_needs_its_capability(server: RunningWorkspace, role: Role) -> None:
    page = await server.open(server.ticket(role))
    for message in CLIENT_MESSAGES:
        seen = len(page.messages)
        page.send(sample(message))
        page.send(Ping(seen + 1))
        try:
            await page.wait(Pong, lambda pong, number=seen + 1: pong.number == number)  # type: ignore[misc]
        except Closed as closed:
            # It reached its handler, which could not make sense of what is in it.
            assert closed.code == Closing.MALFORMED
        refused = any(
            isinstance(one, Failed) and (one.code, one.sentence) == (ErrorCode.FORBIDDEN, "You may only watch here.")
            for one in page.messages[seen:]
        )
        assert refused == (CAPABILITY[message] not in ACCESS[role]), (role, message)
        if page.closed:
            page = await server.open(server.ticket(role))
    page.close()


@pytest.mark.parametrize(
    "changes",
    [
        {"expires": int(time.time()) - 1},
        {"workspace": new_id()},
        {"capabilities": tuple(set(Capability) - {Capability.WORKSPACE_OPEN})},
    ],
    ids=["expired", "foreign", "not for a socket"],
)
async def test_tickets_that_do_not_open(server: RunningWorkspace, changes: dict[str, Any]) -> None:
    with pytest.raises(Closed) as caught:
        await server.open(server.ticket(**changes))
    assert caught.value.code == Closing.FORBIDDEN


@pytest.mark.parametrize("forge", [lambda h: "", lambda h: "x.y", lambda h: "A" + h[1:], lambda h: h[:-4] + "AAAA"])
async def test_forged_tickets_do_not_open(server: RunningWorkspace, forge: Any) -> None:
    header = forge(server.header(server.ticket()))
    with pytest.raises(Closed) as caught:
        await server.open(header=header or " ")
    assert caught.value.code == Closing.FORBIDDEN


async def test_a_ticket_opens_one_connection(server: RunningWorkspace) -> None:
    ticket = server.ticket()
    page = await server.open(ticket)
    with pytest.raises(Closed) as caught:
        await server.open(ticket)
    assert caught.value.code == Closing.FORBIDDEN
    page.close()


PING = encode(Ping(1))
BAD_FRAMES: dict[str, tuple[list[bytes], Closing]] = {
    "not a message": ([RawSocket.frame(b"nonsense")], Closing.MALFORMED),
    "unknown message": ([RawSocket.frame(b"\x91\xa4Nope")], Closing.MALFORMED),
    "text": ([RawSocket.frame(b"hello", first=0x81)], Closing.MALFORMED),
    "invalid UTF-8": ([RawSocket.frame(b"\x93\xa8FileList\x01\xa2\xff\xfe")], Closing.MALFORMED),
    "reserved bit": ([RawSocket.frame(PING, first=0xC2)], Closing.MALFORMED),
    "unknown opcode": ([RawSocket.frame(PING, first=0x83)], Closing.MALFORMED),
    "not masked": ([bytes((0x82, len(PING))) + PING], Closing.MALFORMED),
    "continuation of nothing": ([RawSocket.frame(PING, first=0x80)], Closing.MALFORMED),
    "whole message inside a fragmented one": (
        [RawSocket.frame(PING[:2], first=0x02), RawSocket.frame(PING)],
        Closing.MALFORMED,
    ),
    "too large": ([RawSocket.header(MAX_CLIENT_MESSAGE + 1)], Closing.TOO_BIG),
    "too large in fragments": (
        [RawSocket.frame(bytes(3 << 20), first=0x02)] + [RawSocket.frame(bytes(3 << 20), first=0x00)] * 2,
        Closing.TOO_BIG,
    ),
}


@pytest.mark.parametrize("name", BAD_FRAMES)
async def test_bad_frames_close_that_connection_with_the_reason(server: RunningWorkspace, name: str) -> None:
    frames, closing = BAD_FRAMES[name]
    raw = await RawSocket.open(server)
    for frame in frames:
        await raw.write(frame)
    assert await raw.closing() == (closing, closing.sentence)


async def test_fragments_are_put_together(server: RunningWorkspace) -> None:
    raw = await RawSocket.open(server)
    data = encode(Ping(77))
    for index, byte in enumerate(data):
        first = (0x02 if index == 0 else 0x00) | (0x80 if index == len(data) - 1 else 0)
        await raw.write(RawSocket.frame(bytes((byte,)), first=first))
        await raw.write(RawSocket.frame(b"between", first=0x89))
    assert await raw.until(Pong) == Pong(77)
    await raw.close()


async def test_who_does_not_read_is_closed_and_nobody_else_suffers(server: RunningWorkspace) -> None:
    assert server.process
    (server.files / "unread.txt").write_bytes(b"x" * (4 << 20))
    before = resident(server.process.pid)
    raw = await RawSocket.open(server)
    asks = b"".join(RawSocket.frame(encode(DocumentOpen(n, "unread.txt"))) for n in range(16))
    await raw.write(asks)
    other = await server.open()
    await other.succeed(FileList(0, ""))
    await raw.write(asks)
    gone = raw.connection
    await other.wait(PeopleChanged, lambda m: any(p.connection == gone and not p.here for p in m.changed))
    assert resident(server.process.pid) - before < 160 << 20
    assert (await raw.closing())[0] == Closing.FELL_BEHIND
    other.close()


async def test_asking_for_too_much_at_once_ends_that_connection(server: RunningWorkspace) -> None:
    assert server.process
    (server.files / "long.txt").write_bytes(b"x" * (4 << 20))
    other = await server.open(server.ticket(user="grace"))
    first = await other.request(DocumentOpen(0, "long.txt"))
    assert isinstance(first, DocumentOpened)
    before = resident(server.process.pid)
    raw = await RawSocket.open(server)
    await raw.write(b"".join(RawSocket.frame(encode(DocumentOpen(n, "long.txt"))) for n in range(1, 201)))
    assert (await raw.closing())[0] == Closing.FELL_BEHIND
    assert resident(server.process.pid) - before < 400 << 20
    other.send(Ping(7))
    assert (await other.wait(Pong)).number == 7
    other.close()


@pytest.mark.parametrize(
    "message", [FileWatch([""] * 4_000_000), DocumentOpen(1, "a", "e", b"\x80\x89\x7a" + bytes(4_000_000))]
)
async def test_long_lists_hold_nobody_up(server: RunningWorkspace, message: ClientMessage) -> None:
    (server.files / "a").touch()
    page = await server.open(server.ticket(Role.WATCHER))
    # Reading four million numbers takes most of a second of the processor; the message itself a twentieth of one.
    began = processor_time(server)
    for number in range(5):
        page.send(message)
        page.send(Ping(number))
        await page.wait(Pong, lambda pong, number=number: pong.number == number)  # type: ignore[misc]
    assert processor_time(server) - began < 2
    page.close()


async def test_sigterm_says_goodbye_and_exits_with_0() -> None:
    with tempfile.TemporaryDirectory(prefix="cot-") as folder:
        server = RunningWorkspace(Path(folder)).start()
        page = await server.open()
        stopping = asyncio.get_running_loop().run_in_executor(None, server.stop)
        assert (await page.wait_closed()).code == Closing.STOPPING
        assert await stopping == 0


def processor_time(server: RunningWorkspace) -> float:
    """Seconds that the server has used, however busy the machine is otherwise."""
    assert server.process
    user, system = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def resident(process: int) -> int:
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
