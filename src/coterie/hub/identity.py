"""Who is calling: from the session cookie or a personal access token to a person."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Select, select

from coterie.hub.db.engine import Database
from coterie.hub.db.tables import Login, Token, User, now
from coterie.wire.errors import CoterieError, ErrorCode

COOKIE = "coterie_session"
SECURE_COOKIE = "__Host-coterie_session"
"""Under HTTPS: the prefix makes browsers refuse one set by another host, without Secure, or for a path."""

TOKEN_PREFIX = "coterie_"  # noqa: S105 a prefix by which leaked tokens can be searched for


@dataclass(frozen=True)
class Identity:
    """A signed-in person, and by what: `login` is the login's or token's identifier."""

    user: str
    username: str
    display_name: str
    email: str
    colour: int
    administrator: bool
    login: str


def hash_secret(secret: str) -> str:
    """What of a secret the database keeps. The secrets are random (256 bits), so a fast hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def cookie_secret(headers: Mapping[str, str], secure: bool) -> str | None:
    """The session cookie's value in these headers, or None."""
    text = headers.get("cookie")
    if not text:
        return None
    return cookie_value(text, SECURE_COOKIE if secure else COOKIE)


def cookie_value(text: str, name: str) -> str | None:
    """The value of one cookie in a Cookie header, or None; what other hosts set beside it does not matter."""
    for part in reversed(text.split(";")):
        key, _, value = part.strip().partition("=")
        if key == name:
            return value
    return None


def bearer_secret(headers: Mapping[str, str]) -> str | None:
    """The token in the Authorization header, or None."""
    scheme, _, secret = headers.get("authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None


def identity_of(user: User, login: Login | Token) -> Identity | None:
    """Return who is signed in by `login`, None when it has expired or the account is disabled."""
    if user.disabled or (login.expires is not None and login.expires <= now()):
        return None
    return Identity(
        user=user.id,
        username=user.username,
        display_name=user.display_name,
        email=user.email,
        colour=user.colour,
        administrator=user.administrator,
        login=login.id,
    )


async def authenticate(database: Database, headers: Mapping[str, str], secure: bool) -> Identity:
    """Return who sent these headers (names in small letters). A token goes before a cookie.

    Raises CoterieError(SIGNED_OUT) for nobody, an ended login, an expired token or a disabled account.
    """
    token = bearer_secret(headers)
    secret = token if token is not None else cookie_secret(headers, secure)
    if not secret:
        raise CoterieError(ErrorCode.SIGNED_OUT, "Sign in to go on.")
    query: Select[Login, User] | Select[Token, User]
    if token is None:
        query = select(Login, User).join(User, User.id == Login.user_id).where(Login.hash == hash_secret(secret))
    else:
        query = select(Token, User).join(User, User.id == Token.user_id).where(Token.hash == hash_secret(secret))
    async with database.read() as session:
        row = (await session.execute(query)).first()
    if row is None:
        raise CoterieError(ErrorCode.SIGNED_OUT, "You are signed out. Sign in to go on.")
    login: Login | Token = row[0]
    user: User = row[1]
    identity = identity_of(user, login)
    if identity is None:
        raise CoterieError(ErrorCode.SIGNED_OUT, "Your login has ended. Sign in again to go on.")
    return identity
