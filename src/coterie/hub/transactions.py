"""Writes: one transaction, the audit rows beside it, and the news that goes out once it is committed."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable

from sqlalchemy.ext.asyncio import AsyncSession

from coterie.hub import access, audit
from coterie.hub.audit import Actor
from coterie.hub.db.engine import Database
from coterie.hub.db.replicas import Replicas
from coterie.hub.news import News, Revoked, UserChanged, WorkspaceChanged
from coterie.wire.closing import Closing


class Transaction:
    """One transaction: what it writes, the audit rows beside it, and the news that goes out once it is committed."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self.session = session
        self.actor = actor
        self.news: list[News] = []
        self._after: list[Callable[[], None]] = []

    def audit(self, action: str, *, workspace: str | None = None, target: str = "", detail: str = "") -> None:
        """Write down that the actor did this."""
        audit.record(self.session, self.actor, action, workspace=workspace, target=target, detail=detail)

    async def workspace_changed(self, workspace: str, *others: str) -> None:
        """Let everyone who holds a role now, and `others` who did, hear of it."""
        users = await access.audience(self.session, workspace)
        self.news.append(WorkspaceChanged(workspace, tuple({*users, *others})))

    def user_changed(self, user: str) -> None:
        self.news.append(UserChanged(user))

    def revoke(
        self, closing: Closing, *, user: str | None = None, workspace: str | None = None, login: str | None = None
    ) -> None:
        """Close the connections that match all that is given, on every replica."""
        self.news.append(Revoked(closing, user=user, workspace=workspace, login=login))

    def after_commit(self, action: Callable[[], None]) -> None:
        self._after.append(action)

    def committed(self) -> None:
        for action in self._after:
            action()


class Transactions:
    """The one way to write: over the database, and then to `deliver`, here and at the replicas."""

    def __init__(self, database: Database, deliver: Callable[[News], None], replicas: Replicas | None) -> None:
        self.database = database
        self._deliver = deliver
        self._replicas = replicas

    @contextlib.asynccontextmanager
    async def write(self, actor: Actor = audit.THE_HUB) -> AsyncIterator[Transaction]:
        """One transaction; news goes out after its commit and never when it failed."""
        async with self.database.write() as session:
            transaction = Transaction(session, actor)
            yield transaction
            if self._replicas and transaction.news:
                await self._replicas.announce(session, transaction.news)
        for news in transaction.news:
            self._deliver(news)
        transaction.committed()
