"""Request heads of WebSocket upgrades: what the gate reads of them, and the clean one it passes on."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from coterie.wire import tickets
from coterie.wire.closing import Closing
from coterie.wire.ids import is_id

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
_PREFIX = "/w/"


class BadHead(Exception):  # noqa: N818 what came, not what failed
    """Not a request that can become a WebSocket."""


@dataclass(frozen=True)
class Head:
    """An upgrade request. `headers` have names in small letters; of a repeated one, the last is kept."""

    workspace: str
    key: str
    headers: dict[str, str]

    def passed_on(self, ticket: str) -> bytes:
        """The head for the workspace server: the ticket, and nothing of what the client sent but the key.

        Cookies and tokens stay here: nothing in a machine may act for a person towards the hub.
        """
        lines = [
            f"GET {_PREFIX}{self.workspace} HTTP/1.1",
            "host: coterie",
            "upgrade: websocket",
            "connection: upgrade",
            "sec-websocket-version: 13",
            f"sec-websocket-key: {self.key}",
            f"{tickets.HEADER}: {ticket}",
        ]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def accepted(self) -> bytes:
        """The answer that completes the handshake (RFC 6455, 4.2.2)."""
        accept = base64.b64encode(hashlib.sha1(self.key.encode() + _GUID, usedforsecurity=False).digest()).decode()
        lines = ["HTTP/1.1 101 Switching Protocols", "upgrade: websocket", "connection: upgrade"]
        return "\r\n".join([*lines, f"sec-websocket-accept: {accept}", "", ""]).encode()


def parse(data: bytes) -> Head:
    """Return the head that uvicorn parsed and put together again. Raises BadHead."""
    request, *lines = data.decode("latin-1").split("\r\n")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    method, _, rest = request.partition(" ")
    path = rest.partition(" ")[0].partition("?")[0]
    workspace = path.removeprefix(_PREFIX)
    key = headers.get("sec-websocket-key", "")
    if method != "GET" or not path.startswith(_PREFIX) or not is_id(workspace):
        raise BadHead(f"{method} {path[:100]}")
    if headers.get("sec-websocket-version") != "13" or not _is_key(key):
        raise BadHead("no WebSocket handshake of version 13")
    return Head(workspace, key, headers)


def _is_key(key: str) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False


def close_frame(closing: Closing) -> bytes:
    """A close frame with the reason in words (RFC 6455, 5.5.1; a control frame's payload is at most 125 bytes)."""
    payload = closing.to_bytes(2, "big") + closing.sentence.encode()[:123]
    return bytes((0x88, len(payload))) + payload
