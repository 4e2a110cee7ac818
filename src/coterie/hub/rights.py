"""Looks again whether those who are connected still may be: as logins expire, and after news may have been missed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from coterie.hub import access
from coterie.hub.audience import Audience
from coterie.hub.db.engine import Database
from coterie.hub.db.tables import Login, Token, User, now
from coterie.hub.gate.link import role_of
from coterie.hub.news import Revoked
from coterie.wire.capabilities import Capability, allows
from coterie.wire.closing import Closing

EVERY = timedelta(seconds=60)
"""Time between looks. A login that ends by then is ended on time; one that was begun since may outlive it by this."""

RETRY = 1.0
"""Seconds until the next try when the database does not answer."""

_AT_ONCE = 500
"""Identifiers in one query."""

T = TypeVar("T")
logger = logging.getLogger(__name__)


class Rights:
    """Ends connections and event streams whose login or role is no longer what they were let in with."""

    def __init__(self, database: Database, audience: Audience) -> None:
        self._database = database
        self._audience = audience
        self._asked = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin to look from time to time."""
        self._task = asyncio.create_task(self._run(), name="rights")

    async def close(self) -> None:
        """Look no more."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def ask(self) -> None:
        """Have everything looked at now: there may be something that nobody told of."""
        self._asked.set()

    async def check(self) -> datetime | None:
        """Look at everything once; return when the next of the logins that are in use expires."""
        connections, holders = self._audience.connections(), self._audience.holders()
        places = {(each.user, each.workspace, role_of(each.grant)) for each in connections}
        if not holders:
            return None
        async with self._database.read() as session:
            lives = await _lives(session, {login for _, login in holders})
            roles = await access.roles_on(session, {(user, workspace) for user, workspace, _ in places})
        at = now()
        for user, login in holders:
            owner, expires = lives.get(login, ("", None))
            if owner != user or (expires is not None and expires <= at):
                self._audience.deliver(Revoked(Closing.SIGNED_OUT, user=user, login=login))
        for user, workspace, role in places:
            held = roles[user, workspace]
            if not allows(held, Capability.WORKSPACE_OPEN):
                self._audience.deliver(Revoked(Closing.REVOKED, user=user, workspace=workspace))
            elif role not in ("", held):
                self._audience.deliver(Revoked(Closing.ACCESS_CHANGED, user=user, workspace=workspace))
        return min((end for _, end in lives.values() if end is not None and end > at), default=None)

    async def _run(self) -> None:
        while True:
            self._asked.clear()
            try:
                nearest = await self.check()
            except Exception:
                # Whatever it is, giving up would leave everybody in for good.
                logger.exception("who is connected could not be looked at")
                await asyncio.sleep(RETRY)
                continue
            wait = EVERY if nearest is None else min(EVERY, nearest - now())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(wait.total_seconds(), 0)):
                    await self._asked.wait()


async def _lives(session: AsyncSession, logins: Iterable[str]) -> dict[str, tuple[str, datetime | None]]:
    """Whose each of these logins and tokens is, and when it ends; without those that ended or cannot be used."""
    found: dict[str, tuple[str, datetime | None]] = {}
    for some in _pieces(logins):
        for kind in (Login, Token):
            rows = await session.execute(
                select(kind.id, kind.user_id, kind.expires)
                .join(User, User.id == kind.user_id)
                .where(kind.id.in_(some), User.disabled.is_(False))
            )
            found.update({row[0]: (row[1], row[2]) for row in rows})
    return found


def _pieces(all_of_them: Iterable[T]) -> Iterator[list[T]]:
    items = list(all_of_them)
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]
