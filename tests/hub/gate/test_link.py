"""The hub's end of the hand-off, against a workspace server that says what it likes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from coterie.hub.gate import link as links
from coterie.hub.gate.hangup import HangUps
from coterie.hub.gate.link import Link, make_grant
from coterie.hub.gate.registry import Registry
from coterie.wire.capabilities import Role
from coterie.wire.closing import Closing
from coterie.wire.handoff import Announced, encode
from coterie.wire.packets import send

NO_MESSAGES = {
    "nothing": b"\xc0",
    "another type": msgspec.msgpack.encode(["Hello", "hub"]),
    "text that is no UTF-8": b"\x92\xa4Gone\xa2\xd9\x7f",
}


@contextlib.contextmanager
def linked(folder: Path) -> Iterator[tuple[Link, socket.socket]]:
    """A link, and the workspace server's end of it."""
    path = folder / "handoff.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        listening.bind(os.fspath(path))
        listening.listen()
        hang_ups = HangUps()
        link = Link("w", path, Registry(), hang_ups, adopted=lambda: None, lost=lambda _: None)
        with listening.accept()[0] as server:
            yield link, server
        link.close()
        hang_ups.close()


@pytest.mark.parametrize("packet", NO_MESSAGES.values(), ids=NO_MESSAGES)
async def test_what_is_no_message_is_dropped_with_what_came_with_it(tmp_path: Path, packet: bytes) -> None:
    with linked(tmp_path) as (link, server):
        ours, passed = socket.socketpair()
        with ours:
            send(server, packet, [passed.fileno()])
            passed.close()
            send(server, encode(Announced()))
            await asyncio.wait_for(link.announced.wait(), 30)
            # Nobody holds the other end any more.
            ours.setblocking(False)
            assert ours.recv(1) == b""
        assert not link.closed


async def test_a_workspace_server_that_does_not_obey_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert links.CUT_AFTER < 1, "access that was taken away is gone within a second (access: rules)"
    monkeypatch.setattr(links, "CUT_AFTER", 0.01)
    # The server has been passed the client's socket, holds it, and reads nothing.
    with linked(tmp_path) as (link, _):
        client, passed = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=client)
        link.hand_over(passed.fileno(), b"head", grant=make_grant("g", "login", Role.MEMBER), user="bob", login="login")
        passed.close()
        assert link.registry.revoke(user="bob", closing=Closing.REVOKED) == 1
        assert await asyncio.wait_for(reader.read(), 30) == b""
        assert not len(link.registry)
        writer.close()
