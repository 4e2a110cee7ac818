"""Passes: how somebody who is signed in on the hub's origin is known on a web port's, without the hub's cookie.

The hub's origin gives a code that is good once and for seconds; the port's origin changes it for a cookie of its own.
Both name one person, one login, one workspace and one port; neither is worth anything anywhere else.
"""

from __future__ import annotations

import base64
import binascii
import time

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

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
    """Makes and reads passes. Codes are good once in this process, which is where they are used."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self._used: dict[str, float] = {}

    def code(self, place: Place, user: str, login: str) -> str:
        """Return a code for the address of a redirect."""
        expires = time.time() + CODE_LIFETIME
        return self._sign(Pass(place.workspace, place.port, user, login, expires, new_id()))

    def cookie(self, entry: Pass) -> str:
        """Return the value of the cookie that a code is changed for."""
        expires = time.time() + COOKIE_LIFETIME
        return self._sign(Pass(entry.workspace, entry.port, entry.user, entry.login, expires))

    def read(self, text: str, place: Place, *, code: bool) -> Pass | None:
        """Return the pass in `text` if it is good here and now. A code is good once."""
        found = self._verify(text)
        if found is None or found.expires < time.time() or bool(found.nonce) != code:
            return None
        if (found.workspace, found.port) != (place.workspace, place.port):
            return None
        if code and not self._first(found):
            return None
        return found

    def _first(self, entry: Pass) -> bool:
        now = time.time()
        self._used = {nonce: expires for nonce, expires in self._used.items() if expires > now}
        if entry.nonce in self._used:
            return False
        self._used[entry.nonce] = entry.expires
        return True

    def _sign(self, content: Pass) -> str:
        body = msgspec.msgpack.encode(content)
        return f"{_text(body)}.{_text(self._key.sign(_PURPOSE + body))}"

    def _verify(self, text: str) -> Pass | None:
        try:
            body, _, signature = text.partition(".")
            content = _bytes(body)
            self._key.public_key().verify(_bytes(signature), _PURPOSE + content)
            return msgspec.msgpack.decode(content, type=Pass)
        except (InvalidSignature, binascii.Error, msgspec.MsgspecError, ValueError):
            return None


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
