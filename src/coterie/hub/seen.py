"""When people were last here: noted in memory by every request, written down for all at once from time to time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import datetime

from sqlalchemy import BindParameter, FromClause, Table, Update, bindparam, or_, update

from coterie.hub.audience import Audience
from coterie.hub.db.engine import Database
from coterie.hub.db.tables import Login, Token, User, now

EVERY = 30.0
"""Seconds between writes: what is shown is at most this old, and a hub that is killed forgets at most this much."""

logger = logging.getLogger(__name__)


class Seen:
    """When people, their logins and their tokens were last used. Whoever is connected is here."""

    def __init__(self, database: Database, audience: Audience) -> None:
        self._database = database
        self._audience = audience
        self._users: dict[str, datetime] = {}
        self._logins: dict[str, datetime] = {}
        """Logins and tokens alike: their identifiers are never the same."""
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin to write down from time to time what was noted."""
        self._task = asyncio.create_task(self._run(), name="seen")

    async def close(self) -> None:
        """Write down what is left."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._save()

    def note(self, user: str, login: str) -> None:
        """Somebody is here now, by this login or token."""
        self._users[user] = self._logins[login] = now()

    async def save(self) -> None:
        """Write down everything that was noted since the last time, in one transaction; nothing noted, none."""
        for user, login in self._audience.holders():
            self.note(user, login)
        if not self._users:
            return
        users, logins = self._users.copy(), self._logins.copy()
        async with self._database.write() as session:
            database = await session.connection()
            await database.execute(_later(User.__table__, "last_seen"), _rows(users))
            for kind in (Login, Token):
                await database.execute(_later(kind.__table__, "last_used"), _rows(logins))
        self._users = _since(self._users, users)
        self._logins = _since(self._logins, logins)

    async def _save(self) -> None:
        try:
            await self.save()
        except Exception as error:
            # A full disk, a database that is away: it stays noted, and is written the next time.
            logger.warning("who was here could not be written down", extra={"detail": repr(error)})

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            await self._save()


def _later(table: FromClause, column: str) -> Update:
    """The statement that moves `column` forward, never back: other replicas write it too."""
    assert isinstance(table, Table)
    held = table.c[column]
    at: BindParameter[datetime] = bindparam("at", type_=held.type)
    return update(table).where(table.c.id == bindparam("key"), or_(held.is_(None), held < at)).values({column: at})


def _rows(noted: dict[str, datetime]) -> list[dict[str, str | datetime]]:
    return [{"key": key, "at": at} for key, at in sorted(noted.items())]


def _since(noted: dict[str, datetime], written: dict[str, datetime]) -> dict[str, datetime]:
    return {key: at for key, at in noted.items() if written.get(key) != at}
