"""Making, changing and disabling accounts."""

from __future__ import annotations

import hmac
import random

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from coterie.hub.actions.errors import unique
from coterie.hub.actions.logins import do_end_logins
from coterie.hub.api.schemas import COLOURS
from coterie.hub.db.tables import Login, SetupToken, User, Workspace
from coterie.hub.identity import hash_secret
from coterie.hub.transactions import Transaction, Transactions
from coterie.wire.closing import Closing
from coterie.wire.errors import CoterieError, ErrorCode
from coterie.wire.ids import new_secret


async def setup_needed(session: AsyncSession) -> bool:
    """Whether no administrator exists yet."""
    found = await session.execute(select(User.id).where(User.administrator.is_(True)).limit(1))
    return found.first() is None


async def make_setup_link(transactions: Transactions, address: str) -> str | None:
    """Return a new one-time link for the first administrator (earlier ones die); None when there is one already."""
    secret = new_secret()
    async with transactions.write() as transaction:
        if not await setup_needed(transaction.session):
            return None
        await transaction.session.execute(delete(SetupToken))
        transaction.session.add(SetupToken(id=1, hash=hash_secret(secret)))
    return f"{address}/setup#{secret}"


async def find_setup(session: AsyncSession, token: str) -> None:
    """Raises CoterieError(EXPIRED) unless this is the set-up link's token and it can still be used."""
    stored = (await session.execute(select(SetupToken.hash))).scalar_one_or_none()
    right = stored is not None and hmac.compare_digest(stored, hash_secret(token))
    if not right or not await setup_needed(session):
        raise CoterieError(
            ErrorCode.EXPIRED, "This set-up link was used or replaced. Take the newest one from the hub's output."
        )


async def check_setup(transaction: Transaction, token: str) -> None:
    """Use up the set-up token. Raises CoterieError(EXPIRED) for a wrong or used one.

    Locking its row makes the second of two requests at the same time find it gone (SQLite has one writer anyway).
    """
    await transaction.session.execute(select(SetupToken.id).with_for_update())
    await find_setup(transaction.session, token)
    await transaction.session.execute(delete(SetupToken))


async def do_create_user(
    transaction: Transaction, username: str, display_name: str, password: str, *, administrator: bool = False
) -> User:
    """Make an account; `password` is its argon2id string. Raises CoterieError(TAKEN)."""
    count = (await transaction.session.execute(select(func.count()).select_from(User))).scalar_one()
    user = User(
        username=username,
        display_name=display_name,
        password=password,
        administrator=administrator,
        # The first people get distinct colours; after that chance is as good.
        colour=count if count < COLOURS else random.randrange(COLOURS),  # noqa: S311 nothing depends on it
    )
    async with unique(transaction.session, f"The username “{username}” is taken. Choose another one."):
        transaction.session.add(user)
    transaction.audit("user.create", target=username, detail="administrator" if administrator else "")
    return user


async def do_change_me(
    transaction: Transaction, user: User, display_name: str | None, email: str | None, colour: int | None
) -> None:
    """Change what one may change of oneself; sockets that are open show it from the next connection on."""
    if display_name is not None:
        user.display_name = display_name
    if email is not None:
        user.email = email
    if colour is not None:
        user.colour = colour
    await transaction.session.flush()
    transaction.user_changed(user.id)
    owned = await transaction.session.execute(select(Workspace.id).where(Workspace.owner_id == user.id))
    for workspace in owned.scalars().all():
        await transaction.workspace_changed(workspace)


async def do_set_password(transaction: Transaction, user: User, password: str, keep: str = "") -> None:
    """Store a new password's argon2id string; every login but `keep` ends."""
    user.password = password
    transaction.audit("user.password", target=user.username)
    await do_end_logins(transaction, user.id, keep=keep)


async def check_administrator_stays(session: AsyncSession, user: User) -> None:
    """Raises CoterieError(CONFLICT) when `user` is the last administrator who can sign in."""
    others = select(User.id).where(User.administrator.is_(True), User.disabled.is_(False), User.id != user.id)
    if user.administrator and (await session.execute(others.limit(1))).first() is None:
        raise CoterieError(ErrorCode.CONFLICT, "This is the last administrator. Make somebody else one first.")


async def do_disable(transaction: Transaction, user: User, disabled: bool) -> None:
    """Disable or enable an account. Disabling ends every login and closes every connection; workspaces stay."""
    user.disabled = disabled
    transaction.audit("user.disable" if disabled else "user.enable", target=user.username)
    if disabled:
        await transaction.session.execute(delete(Login).where(Login.user_id == user.id))
        transaction.revoke(Closing.SIGNED_OUT, user=user.id)


async def do_set_administrator(transaction: Transaction, user: User, administrator: bool) -> None:
    """Make somebody an administrator, or no longer one."""
    user.administrator = administrator
    transaction.audit("user.administrator", target=user.username, detail="on" if administrator else "off")
    transaction.user_changed(user.id)
