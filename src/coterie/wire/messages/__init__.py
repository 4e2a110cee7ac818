"""Every message of the workspace socket, encoding and decoding.

One WebSocket message is one MessagePack array: the type's name, then its fields in order.
"""

from __future__ import annotations

from typing import Any, Union

import msgspec

from coterie.wire.messages import connection, documents, files, ports, terminals
from coterie.wire.messages.base import CAPABILITY, ClientMessage, Record, ServerMessage

MODULES = (connection, documents, terminals, files, ports)

CLIENT_MESSAGES = tuple(ClientMessage.__subclasses__())
SERVER_MESSAGES = tuple(ServerMessage.__subclasses__())
RECORDS = tuple(Record.__subclasses__())

_unclassified = [message.__name__ for message in CLIENT_MESSAGES if message not in CAPABILITY]
if _unclassified:
    raise RuntimeError(f"client messages without a capability: {_unclassified}")

MAX_CLIENT_MESSAGE = 8 << 20
"""Bytes of the largest message a client may send; more closes the connection with `Closing.TOO_BIG`."""

_encoder = msgspec.msgpack.Encoder()
_client: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(Union[CLIENT_MESSAGES])  # noqa: UP007 built at run time
_server: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(Union[SERVER_MESSAGES])  # noqa: UP007

encode = _encoder.encode


def decode_client(data: bytes | memoryview) -> ClientMessage:
    """Return the message a browser sent. Raises one of UNREADABLE when it is malformed or unknown."""
    message: ClientMessage = _client.decode(data)
    return message


def decode_server(data: bytes | memoryview) -> ServerMessage:
    """Return the message a workspace server sent. Raises one of UNREADABLE when it is malformed or unknown."""
    message: ServerMessage = _server.decode(data)
    return message


__all__ = [
    "CAPABILITY",
    "CLIENT_MESSAGES",
    "MAX_CLIENT_MESSAGE",
    "RECORDS",
    "SERVER_MESSAGES",
    "ClientMessage",
    "Record",
    "ServerMessage",
    "decode_client",
    "decode_server",
    "encode",
]
