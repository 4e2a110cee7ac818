"""The hub as one object: its settings, database, driver and live connections, without any HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from coterie.hub import access, audit, identity
from coterie.hub.audit import Actor
from coterie.hub.db.engine import Database
from coterie.hub.db.replicas import Replicas
from coterie.hub.events import Bus
from coterie.hub.identity import Identity
from coterie.hub.keys import load_key
from coterie.hub.lifecycle import Lifecycle
from coterie.hub.machines.driver import Driver
from coterie.hub.news import News, Revoked, UserChanged, WorkspaceChanged
from coterie.hub.rights import Rights
from coterie.hub.settings import Settings
from coterie.hub.throttle import Throttle
from coterie.wire.capabilities import Role
from coterie.wire.closing import Closing
from coterie.wire.errors import CoterieError, ErrorCode


class Connection(Protocol):
    """What the hub needs to know of a live connection: whose it is, where to, and what it was let in with."""

    @property
    def grant(self) -> str: ...
    @property
    def user(self) -> str: ...
    @property
    def login(self) -> str: ...
    @property
    def workspace(self) -> str: ...


class Revoker(Protocol):
    """What the gate's registry of live connections does for the hub."""

    def connections(self) -> Sequence[Connection]:
        """Every live connection."""
        ...

    def doubt(self) -> None:
        """Have every decision that is under way made again."""
        ...

    def revoke(
        self, *, user: str | None = None, workspace: str | None = None, login: str | None = None, closing: Closing
    ) -> int:
        """Close every connection that matches all that is given; return how many there were."""
        ...


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


class Hub:
    """Everything the routes, the gate and the command line act on."""

    def __init__(self, settings: Settings, driver: Driver, registry: Revoker) -> None:
        self.settings = settings
        self.driver = driver
        self.registry = registry
        self.key = load_key(settings.data)
        self.database = Database(settings.database)
        self.bus = Bus()
        self.throttle = Throttle(settings.sign_in_pause)
        self.replicas = Replicas(settings.database, self._heard, self._missed) if self.database.postgres else None
        self.lifecycle = Lifecycle(self)
        self.rights = Rights(self)
        self._hearing: set[asyncio.Task[None]] = set()
        self._lock: IO[str] | None = None

    async def open(self) -> None:
        """Bring the database up to date, hear the other replicas, and adopt the machines that run.

        Raises CoterieError(UNAVAILABLE) when another hub uses the data directory, or the database cannot be used.
        """
        if not self.database.postgres:
            self._lock = _lock(self.settings.data)
        await self.database.migrate()
        if self.replicas:
            await self.replicas.open()
        await self.lifecycle.open()
        self.rights.open()

    async def close(self) -> None:
        """Let go of everything; machines go on running."""
        self.bus.end()
        await self.rights.close()
        if self.replicas:
            await self.replicas.close()
        await asyncio.gather(*self._hearing, return_exceptions=True)
        await self.lifecycle.close()
        await self.database.close()
        if self._lock:
            self._lock.close()

    @contextlib.asynccontextmanager
    async def write(self, actor: Actor = audit.THE_HUB) -> AsyncIterator[Transaction]:
        """One transaction; news goes out after its commit and never when it failed."""
        async with self.database.write() as session:
            transaction = Transaction(session, actor)
            yield transaction
            if self.replicas and transaction.news:
                await self.replicas.announce(session, transaction.news)
        for news in transaction.news:
            self.deliver(news)
        transaction.committed()

    def deliver(self, news: News) -> None:
        """Act on news, this process's own and other replicas'."""
        if isinstance(news, Revoked):
            self.registry.revoke(user=news.user, workspace=news.workspace, login=news.login, closing=news.closing)
        self.bus.deliver(news)

    def _heard(self, news: News) -> None:
        """Act on another replica's news."""
        self.deliver(news)
        if isinstance(news, WorkspaceChanged):
            task = asyncio.create_task(self.lifecycle.heard(news.workspace))
            self._hearing.add(task)
            task.add_done_callback(self._hearing.discard)

    def _missed(self) -> None:
        """Other replicas' news may have been missed: nothing that is shown or let through is believed any more."""
        self.bus.reset()
        self.registry.doubt()
        self.rights.ask()

    async def authenticate(self, headers: Mapping[str, str]) -> Identity:
        """Return who sent these headers (names in small letters). Raises CoterieError(SIGNED_OUT)."""
        return await identity.authenticate(self.database, headers, self.settings.secure)

    async def role_on(self, user: str, workspace: str) -> Role | None:
        """Return the strongest role `user` holds on `workspace`."""
        async with self.database.read() as session:
            return await access.role_on(session, user, workspace)


def _lock(data: Path) -> IO[str]:
    """Keep a second hub out of the data directory. The lock is the kernel's, so it ends with the process."""
    file = (data / "hub.lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise CoterieError(
            ErrorCode.UNAVAILABLE, f"Another hub runs over {data}. Stop it, or choose another directory.", repr(error)
        ) from None
    return file
