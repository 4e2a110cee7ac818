"""Identifiers: random, unguessable, safe in a URL path and in a DNS label."""

from __future__ import annotations

import secrets

_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
"""32 characters without l, o, 0 and 1, which people mistake for each other: 5 bits each."""

ID_LENGTH = 16
"""80 bits."""


def new_id() -> str:
    """Return a new random identifier of `ID_LENGTH` characters."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(ID_LENGTH))


def is_id(text: str) -> bool:
    """Whether `text` has the shape of an identifier."""
    return len(text) == ID_LENGTH and all(character in _ALPHABET for character in text)


def new_secret() -> str:
    """Return a new secret for a link or a token: 256 bits, URL-safe."""
    return secrets.token_urlsafe(32)
