"""In what order frames reach a connection's transport, sent at once or with the turn of the event loop."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from coterie.wire.capabilities import ACCESS, Role
from coterie.wire.tickets import Ticket
from coterie.workspace.activity import Activity
from coterie.workspace.members import Members
from coterie.workspace.socket import Connection, Sockets


class Transport:
    """What was written, in order; after `room` writes it is full."""

    def __init__(self, connection: Connection) -> None:
        self.written: list[bytes] = []
        self.room = 1000
        self._connection = connection

    def write(self, data: bytes) -> None:
        self.written.append(data)
        if len(self.written) == self.room:
            self._connection.pause_writing()


@pytest.fixture
async def connection() -> Connection:
    members = Members([], Activity())
    sockets = Sockets(members, Ed25519PrivateKey.generate().public_key(), "w")
    ticket = Ticket("w", "ada", "ada", "Ada", Role.MEMBER, tuple(ACCESS[Role.MEMBER]), 0, "g")
    made = Connection(1, ticket, sockets=sockets, members=members, wire=cast(Any, None), refusal=None)
    made._transport = cast(Any, Transport(made))
    return made


def written(connection: Connection) -> list[bytes]:
    return cast(Transport, connection._transport).written


async def test_what_is_sent_at_once_is_written_at_once(connection: Connection) -> None:
    connection.send_at_once(b"a")
    assert written(connection) == [b"a"]


async def test_it_does_not_overtake_what_leaves_with_the_turn(connection: Connection) -> None:
    connection.send_frame(b"a")
    connection.send_at_once(b"b")
    connection.send_frame(b"c")
    assert written(connection) == []
    await asyncio.sleep(0)
    assert written(connection) == [b"abc"]


async def test_nor_what_waits_for_a_full_connection(connection: Connection) -> None:
    cast(Transport, connection._transport).room = 1
    for data in (b"a", b"b", b"c"):
        connection.send_at_once(data)
    await asyncio.sleep(0)
    assert written(connection) == [b"a"]
    connection.resume_writing()
    connection.send_at_once(b"d")
    assert b"".join(written(connection)) == b"abcd"
