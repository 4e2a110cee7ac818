"""The hub's end of the hand-off, against a workspace server that says what it likes."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import msgspec
import pytest

from coterie.hub.gate.hangup import HangUps
from coterie.hub.gate.link import Link
from coterie.hub.gate.registry import Registry
from coterie.wire.handoff import Announced, encode
from coterie.wire.packets import send

pytestmark = pytest.mark.timeout(30)

NO_MESSAGES = {
    "nothing": b"\xc0",
    "another type": msgspec.msgpack.encode(["Hello", "hub"]),
    "text that is no UTF-8": b"\x92\xa4Gone\xa2\xd9\x7f",
}


@pytest.mark.parametrize("packet", NO_MESSAGES.values(), ids=NO_MESSAGES)
async def test_what_is_no_message_is_dropped_with_what_came_with_it(tmp_path: Path, packet: bytes) -> None:
    path = tmp_path / "handoff.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        listening.bind(os.fspath(path))
        listening.listen()
        hang_ups = HangUps()
        link = Link("w", path, Registry(), hang_ups, adopted=lambda: None, lost=lambda _: None)
        with listening.accept()[0] as server:
            ours, passed = socket.socketpair()
            with ours:
                send(server, packet, [passed.fileno()])
                passed.close()
                send(server, encode(Announced()))
                await asyncio.wait_for(link.announced.wait(), 10)
                # Nobody holds the other end any more.
                ours.setblocking(False)
                assert ours.recv(1) == b""
        assert not link.closed
        link.close()
        hang_ups.close()
