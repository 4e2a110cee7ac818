"""Tickets: what the gate tells a workspace server about a connection, signed so that a machine cannot forge it.

A ticket is `base64url(MessagePack(Ticket)) "." base64url(Ed25519 signature)`. It travels in the `Coterie-Ticket` header
that the gate adds to the request head; one that a client sends is removed there.
"""

from __future__ import annotations

import base64
import binascii
import time

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from coterie.wire.capabilities import Capability, Role
from coterie.wire.errors import CoterieError, ErrorCode

HEADER = "coterie-ticket"
LIFETIME = 30
"""Seconds between the gate's decision and the last moment at which a workspace server accepts it."""


class Ticket(msgspec.Struct, frozen=True, array_like=True):
    """Who connects, to what, with which capabilities, until when (Unix seconds)."""

    workspace: str
    user: str
    username: str
    display_name: str
    role: Role
    capabilities: tuple[Capability, ...]
    expires: int
    grant: str
    """Identity of this connection in the gate's registry."""
    session: str = ""
    email: str = ""
    colour: int = 0
    """Index of the person's colour, the same in every editor, notebook, board and terminal."""


def sign(ticket: Ticket, key: Ed25519PrivateKey) -> str:
    """Return the ticket as text for the header."""
    body = msgspec.msgpack.encode(ticket)
    return f"{_text(body)}.{_text(key.sign(body))}"


def verify(text: str, key: Ed25519PublicKey, workspace: str, now: float | None = None) -> Ticket:
    """Return the ticket in `text`.

    Raises CoterieError(FORBIDDEN) when the signature is wrong, it is for another workspace, or it has expired.
    """
    try:
        body_text, _, signature_text = text.partition(".")
        body = _bytes(body_text)
        key.verify(_bytes(signature_text), body)
        ticket = msgspec.msgpack.decode(body, type=Ticket)
    except (InvalidSignature, binascii.Error, msgspec.MsgspecError, ValueError) as error:
        raise _refused(repr(error)) from None
    if ticket.workspace != workspace:
        raise _refused("for another workspace")
    if ticket.expires < (time.time() if now is None else now):
        raise _refused("expired")
    return ticket


def _refused(detail: str) -> CoterieError:
    return CoterieError(ErrorCode.FORBIDDEN, "This connection was not let in by the hub. Reload the page.", detail)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
