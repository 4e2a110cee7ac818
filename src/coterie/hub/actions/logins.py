"""Signing in and out, and personal access tokens."""

from __future__ import annotations

from asyncio import sleep
from datetime import timedelta

from sqlalchemy import delete, select

from coterie.hub import metrics
from coterie.hub.audit import Actor
from coterie.hub.core import Hub
from coterie.hub.db.tables import Login, Token, User, now
from coterie.hub.identity import TOKEN_PREFIX, hash_secret
from coterie.hub.passwords import hash_password, outdated, verify_password
from coterie.hub.throttle import network
from coterie.hub.transactions import Transaction
from coterie.wire.closing import Closing
from coterie.wire.errors import CoterieError, ErrorCode
from coterie.wire.ids import new_secret

TRIES_PER_ADDRESS = 10
"""How many times as many failures one address may have as one username: people share addresses."""

MOST_TOKENS = 100
WRONG = "Username or password is not right."


async def check_password(hub: Hub, username: str, password: str, address: str) -> User:
    """Return the account that these open.

    Whoever fails too often is shut out as who they are, an address that tries this name; the name itself is only slowed
    down, or anybody could keep its owner out. Raises CoterieError: WRONG_PASSWORD, alike and after the same time for an
    unknown username; TOO_FAST after too many failures; FORBIDDEN for a disabled account, and only to who knows its
    password.
    """
    by_address = f"address {network(address)}"
    by_name, by_both = f"name {username}", f"{by_address} name {username}"
    tries = hub.settings.sign_in_tries
    hub.throttle.count(by_address, tries * TRIES_PER_ADDRESS)
    hub.throttle.count(by_both, tries)
    await sleep(hub.throttle.delay(by_name, tries))
    async with hub.database.read() as session:
        user = (await session.execute(select(User).where(User.username == username))).scalar_one_or_none()
    if not await verify_password(user.password if user else None, password) or user is None:
        metrics.SIGN_INS.labels("refused").inc()
        async with hub.write(Actor(username=username[:80], address=address)) as transaction:
            transaction.audit("login.refuse", target=username)
        raise CoterieError(ErrorCode.WRONG_PASSWORD, WRONG)
    hub.throttle.succeeded(by_both)
    hub.throttle.undo(by_name)
    hub.throttle.undo(by_address)
    if user.disabled:
        raise CoterieError(ErrorCode.FORBIDDEN, "This account is disabled. Ask an administrator.")
    if outdated(user.password):
        fresh = await hash_password(password)
        async with hub.write() as transaction:
            (await transaction.session.get_one(User, user.id)).password = fresh
    return user


async def do_sign_in(transaction: Transaction, user: User, days: int) -> str:
    """Make a login and return the cookie's secret. Logins that have expired are swept out on the way."""
    secret, at = new_secret(), now()
    await transaction.session.execute(delete(Login).where(Login.expires <= at))
    transaction.session.add(
        Login(
            hash=hash_secret(secret),
            user_id=user.id,
            address=transaction.actor.address[:64],
            expires=at + timedelta(days=days),
        )
    )
    transaction.audit("login.start", target=user.username)
    metrics.SIGN_INS.labels("let in").inc()
    return secret


async def do_sign_out(transaction: Transaction, login: str) -> None:
    """End one login and close what it has open."""
    await transaction.session.execute(delete(Login).where(Login.id == login))
    transaction.audit("login.end")
    transaction.revoke(Closing.SIGNED_OUT, login=login)


async def do_end_logins(transaction: Transaction, user: str, keep: str = "") -> None:
    """End every login of a person but `keep`, and close what they have open. Access tokens stay."""
    ended = await transaction.session.execute(
        delete(Login).where(Login.user_id == user, Login.id != keep).returning(Login.id)
    )
    for login in ended.scalars():
        transaction.revoke(Closing.SIGNED_OUT, login=login)


async def check_browser(transaction: Transaction, login: str) -> None:
    """Raises CoterieError(FORBIDDEN) for a caller with an access token: one that leaked must not outlive its deletion.

    `login` is the caller's, see `Identity`.
    """
    if await transaction.session.get(Login, login) is None:
        sentence = "A token cannot make another one. Sign in with your password, in the browser or by `coterie login`."
        raise CoterieError(ErrorCode.FORBIDDEN, sentence)


async def do_create_token(transaction: Transaction, user: str, name: str, days: int | None) -> tuple[Token, str]:
    """Make a personal access token; return it with its secret. Raises CoterieError(LIMIT)."""
    count = (await transaction.session.execute(select(Token.id).where(Token.user_id == user))).scalars().all()
    if len(count) >= MOST_TOKENS:
        raise CoterieError(ErrorCode.LIMIT, f"You have {MOST_TOKENS} tokens. Delete one that you no longer use.")
    secret = TOKEN_PREFIX + new_secret()
    token = Token(
        hash=hash_secret(secret),
        user_id=user,
        name=name,
        prefix=secret[: len(TOKEN_PREFIX) + 5],
        created=now(),
        expires=now() + timedelta(days=days) if days else None,
    )
    transaction.session.add(token)
    await transaction.session.flush()
    transaction.audit("token.create", target=name)
    return token, secret


async def do_delete_token(transaction: Transaction, user: str, token: str) -> None:
    """Delete one of a person's own tokens and close what it has open. Raises CoterieError(NOT_FOUND)."""
    name = (
        await transaction.session.execute(
            delete(Token).where(Token.id == token, Token.user_id == user).returning(Token.name)
        )
    ).scalar_one_or_none()
    if name is None:
        raise CoterieError(ErrorCode.NOT_FOUND, "There is no such token.")
    transaction.audit("token.delete", target=name)
    transaction.revoke(Closing.SIGNED_OUT, login=token)
