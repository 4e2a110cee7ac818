"""Passes: how somebody who is signed in on the hub's origin is known on a web port's, without the hub's cookie.

The hub's origin gives a code that is good once and for seconds; the port's origin changes it for a cookie of its own.
Both name one person, one login, one workspace and one port; neither is worth anything anywhere else.
"""

from __future__ import annotations

import base64
import binascii
import time
from datetime import UTC, datetime

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from coterie.hub.db.engine import Database
from coterie.hub.db.tables import SpentCode, now
from coterie.hub.ports.address import Place
from coterie.wire.ids import new_id

COOKIE = "coterie_port"
SECURE_COOKIE = "__Host-coterie_port"
"""Under HTTPS: the prefix keeps pages of sibling ports from setting it (RFC 6265bis, 4.1.3.2)."""

CODE_LIFETIME = 30
"""Seconds from the redirect to the port's origin."""

COOKIE_LIFETIME = 12 * 3600
"""Seconds after which the browser is sent through the hub again. Every request is checked anyway."""

_PURPOSE = b"coterie web port\0"
"""Signed before the content, so that nothing else that the key signs can be taken for a pass."""


class Pass(msgspec.Struct, frozen=True, array_like=True):
    """Who may open which port until when (Unix seconds). `nonce` is empty in a cookie."""

    workspace: str
    port: int
    user: str
    login: str
    expires: float
    nonce: str = ""


class Passes:
    """Makes and reads passes: what one replica made is good at every other, and a code once among all of them."""

    def __init__(self, key: Ed25519PrivateKey, database: Database) -> None:
        self._key = key
        self._database = database

    def code(self, place: Place, user: str, login: str) -> str:
        """Return a code for the address of a redirect."""
        expires = time.time() + CODE_LIFETIME
        return self._sign(Pass(place.workspace, place.port, user, login, expires, new_id()))

    def cookie(self, entry: Pass) -> str:
        """Return the value of the cookie that a code is changed for."""
        expires = time.time() + COOKIE_LIFETIME
        return self._sign(Pass(entry.workspace, entry.port, entry.user, entry.login, expires))

    def read(self, cookie: str, place: Place) -> Pass | None:
        """Return the pass in a cookie if it is good here and now."""
        found = self._verify(cookie, place)
        return found if found is not None and not found.nonce else None

    async def spend(self, code: str, place: Place) -> Pass | None:
        """Return the pass in a code if it is good here and now: it is only once. Raises CoterieError(DISK_FULL)."""
        found = self._verify(code, place)
        if found is None or not found.nonce:
            return None
        try:
            async with self._database.write() as session:
                await session.execute(delete(SpentCode).where(SpentCode.expires < now()))
                session.add(SpentCode(nonce=found.nonce, expires=datetime.fromtimestamp(found.expires, UTC)))
        except IntegrityError:
            return None
        return found

    def _sign(self, content: Pass) -> str:
        body = msgspec.msgpack.encode(content)
        return f"{_text(body)}.{_text(self._key.sign(_PURPOSE + body))}"

    def _verify(self, text: str, place: Place) -> Pass | None:
        try:
            body, _, signature = text.partition(".")
            content = _bytes(body)
            self._key.public_key().verify(_bytes(signature), _PURPOSE + content)
            found = msgspec.msgpack.decode(content, type=Pass)
        except (InvalidSignature, binascii.Error, msgspec.MsgspecError, ValueError):
            return None
        here = (found.workspace, found.port) == (place.workspace, place.port)
        return found if here and found.expires >= time.time() else None


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
