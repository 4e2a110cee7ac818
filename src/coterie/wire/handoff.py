"""What gate and workspace server say over `handoff.sock`, one packet each.

A packet that begins with `GET ` is a request head, with the client's connected socket attached. Every other packet is
one of the messages below. The hub keeps a duplicate of each socket it passed, so a connection is over for the client
only once both sides let go: the workspace server says `Gone`, and when it dies the hub shuts the duplicates down.
"""

from __future__ import annotations

import msgspec

from coterie.wire.closing import Closing

HEAD = b"GET "
"""How a packet with a socket begins."""

LARGEST = 64 << 10
"""Bytes of the largest packet."""


class Hello(msgspec.Struct, array_like=True, tag=True, frozen=True):
    """Hub → workspace server, first: tell me who is connected. The newest connection that said it hears of `Gone`."""

    hub: str


class Live(msgspec.Struct, array_like=True, tag=True, frozen=True):
    """Workspace server → hub: a connection from before this hub, with a duplicate of its socket where it was passed."""

    grant: str
    user: str
    username: str


class Announced(msgspec.Struct, array_like=True, tag=True, frozen=True):
    """Workspace server → hub, after the last `Live` that answers a `Hello`."""


class Revoke(msgspec.Struct, array_like=True, tag=True, frozen=True):
    """Hub → workspace server: take nothing more from these connections and close them, saying why."""

    grants: list[str]
    closing: Closing


class Gone(msgspec.Struct, array_like=True, tag=True, frozen=True):
    """Workspace server → hub: a connection ended."""

    grant: str


_encoder = msgspec.msgpack.Encoder()
_from_hub: msgspec.msgpack.Decoder[Hello | Revoke] = msgspec.msgpack.Decoder(Hello | Revoke)
_from_server: msgspec.msgpack.Decoder[Live | Announced | Gone] = msgspec.msgpack.Decoder(Live | Announced | Gone)

encode = _encoder.encode


def decode_from_hub(packet: bytes) -> Hello | Revoke:
    """Return what a hub said. Raises one of UNREADABLE."""
    return _from_hub.decode(packet)


def decode_from_server(packet: bytes) -> Live | Announced | Gone:
    """Return what a workspace server said. Raises one of UNREADABLE."""
    return _from_server.decode(packet)
