"""What `coterie admin` does: the hub's own actions, in another process beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from sqlalchemy import select

from coterie.cli.operator import settings_from
from coterie.hub import neighbour
from coterie.hub.actions import accounts, invitations
from coterie.hub.api.schemas import NewAccount, NewPassword
from coterie.hub.audit import Actor
from coterie.hub.db.engine import Database
from coterie.hub.db.replicas import Replicas
from coterie.hub.db.tables import User
from coterie.hub.news import News
from coterie.hub.passwords import hash_password
from coterie.hub.settings import Settings
from coterie.hub.transactions import Transaction, Transactions
from coterie.wire.errors import CoterieError, ErrorCode

_T = TypeVar("_T")
_M = TypeVar("_M", bound=BaseModel)
_ACTOR = Actor(username="command line")


class Office(Transactions):
    """Transactions beside the hub that runs, and for it what they tell: it acts at once.

    Over one data directory it hears of them here; over PostgreSQL replicas hear with the transaction itself, too.
    """

    def __init__(self, settings: Settings) -> None:
        def deliver(news: News) -> None:
            neighbour.tell(settings.data, [news])

        database = Database(settings.database)
        super().__init__(
            database, deliver, Replicas(settings.database, deliver, lambda: None) if database.postgres else None
        )
        self.settings = settings


def run(data: Path | None, work: Callable[[Office], Awaitable[_T]]) -> _T:
    """Return what `work` returns, over the database that the settings say.

    Raises CoterieError, UNAVAILABLE where there is no database.
    """
    settings = settings_from(data=data)
    if not settings.database_url and not settings.data.is_dir():
        sentence = f"There is no data directory {settings.data}. Give --data, or start `coterie serve` first."
        raise CoterieError(ErrorCode.UNAVAILABLE, sentence)

    async def opened() -> _T:
        office = Office(settings)
        try:
            await office.database.migrate()
            return await work(office)
        finally:
            await office.database.close()

    return asyncio.run(opened())


def create_user(data: Path | None, username: str, display_name: str, password: str, administrator: bool) -> None:
    """Make an account. Raises CoterieError(INVALID | TAKEN)."""
    new = _checked(NewAccount, username=username, display_name=display_name, password=password)

    async def work(office: Office) -> None:
        hashed = await hash_password(new.password)
        async with office.write(_ACTOR) as transaction:
            await accounts.do_create_user(
                transaction, new.username, new.display_name, hashed, administrator=administrator
            )

    run(data, work)


def reset_password(data: Path | None, username: str, password: str) -> None:
    """Set a password and end all logins. Raises CoterieError(INVALID | NOT_FOUND)."""
    new = _checked(NewPassword, password=password)

    async def work(office: Office) -> None:
        hashed = await hash_password(new.password)
        async with office.write(_ACTOR) as transaction:
            await accounts.do_set_password(transaction, await _user(transaction, username), hashed)

    run(data, work)


def set_disabled(data: Path | None, username: str, disabled: bool) -> None:
    """Shut an account out or let it in again. Raises CoterieError(NOT_FOUND | CONFLICT)."""

    async def work(office: Office) -> None:
        async with office.write(_ACTOR) as transaction:
            user = await _user(transaction, username)
            if disabled:
                await accounts.check_administrator_stays(transaction.session, user)
            await accounts.do_disable(transaction, user, disabled)

    run(data, work)


def users(data: Path | None) -> list[User]:
    """Return every account, by username."""

    async def work(office: Office) -> list[User]:
        async with office.database.read() as session:
            return list((await session.execute(select(User).order_by(User.username))).scalars())

    return run(data, work)


def invite(data: Path | None, note: str, days: int, uses: int) -> str:
    """Return the link of a new invitation. Raises CoterieError(CONFLICT) while there is no administrator."""

    async def work(office: Office) -> str:
        async with office.write(_ACTOR) as transaction:
            query = select(User.id).where(User.administrator.is_(True), User.disabled.is_(False)).order_by(User.created)
            inviter = (await transaction.session.execute(query.limit(1))).scalar_one_or_none()
            if inviter is None:
                sentence = (
                    "There is no administrator yet. `coterie admin setup-link` prints the link to become the first."
                )
                raise CoterieError(ErrorCode.CONFLICT, sentence)
            _, secret = await invitations.do_invite(transaction, inviter, note, days, uses)
        return f"{office.settings.address}/join#{secret}"

    return run(data, work)


def setup_link(data: Path | None) -> str:
    """Return a new link for the first administrator. Raises CoterieError(CONFLICT) when there is one."""
    link = run(data, lambda office: accounts.make_setup_link(office, office.settings.address))
    if link is None:
        sentence = (
            "There is an administrator already. `coterie admin reset-password` lets one in who lost the password."
        )
        raise CoterieError(ErrorCode.CONFLICT, sentence)
    return link


async def _user(transaction: Transaction, username: str) -> User:
    user = (await transaction.session.execute(select(User).where(User.username == username))).scalar_one_or_none()
    if user is None:
        raise CoterieError(ErrorCode.NOT_FOUND, f"There is no account {username!r}. `coterie admin list` shows them.")
    return user


def _checked(kind: type[_M], **fields: str) -> _M:
    """Return the fields as the API takes them. Raises CoterieError(INVALID) that says which are not right."""
    try:
        return kind(**fields)
    except ValidationError as wrong:
        told = "; ".join(f"{str(error['loc'][0]).replace('_', ' ')}: {error['msg']}" for error in wrong.errors())
        raise CoterieError(ErrorCode.INVALID, f"{told}.") from None
