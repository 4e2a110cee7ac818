"""The hub as one object: its settings, database, driver and live connections, without any HTTP."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import IO

from coterie.hub import audit, identity
from coterie.hub.audience import Audience, Revoker
from coterie.hub.audit import Actor
from coterie.hub.db.engine import Database
from coterie.hub.db.replicas import Replicas
from coterie.hub.events import Bus
from coterie.hub.identity import Identity
from coterie.hub.keys import load_key
from coterie.hub.lifecycle import Lifecycle
from coterie.hub.machines.driver import Driver
from coterie.hub.news import News, WorkspaceChanged
from coterie.hub.rights import Rights
from coterie.hub.seen import Seen
from coterie.hub.settings import Settings
from coterie.hub.throttle import Throttle
from coterie.hub.transactions import Transaction, Transactions
from coterie.wire.errors import CoterieError, ErrorCode


class Hub:
    """Everything the routes, the gate and the command line act on."""

    def __init__(self, settings: Settings, driver: Driver, registry: Revoker) -> None:
        self.settings = settings
        self.driver = driver
        self.key = load_key(settings.data)
        self.database = Database(settings.database)
        self.bus = Bus()
        self.audience = Audience(self.bus, registry)
        self.throttle = Throttle(settings.sign_in_pause)
        self.replicas = Replicas(settings.database, self._heard, self._missed) if self.database.postgres else None
        self.transactions = Transactions(self.database, self.audience.deliver, self.replicas)
        self.lifecycle = Lifecycle(settings, driver, self.key, self.transactions)
        self.rights = Rights(self.database, self.audience)
        self.seen = Seen(self.database, self.audience)
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
        self.seen.open()

    async def close(self) -> None:
        """Let go of everything; machines go on running."""
        await self.seen.close()
        self.bus.end()
        await self.rights.close()
        if self.replicas:
            await self.replicas.close()
        await asyncio.gather(*self._hearing, return_exceptions=True)
        await self.lifecycle.close()
        await self.database.close()
        if self._lock:
            self._lock.close()

    def write(self, actor: Actor = audit.THE_HUB) -> AbstractAsyncContextManager[Transaction]:
        """See `Transactions.write`."""
        return self.transactions.write(actor)

    def _heard(self, news: News) -> None:
        """Act on another replica's news."""
        self.audience.deliver(news)
        if isinstance(news, WorkspaceChanged):
            task = asyncio.create_task(self.lifecycle.heard(news.workspace))
            self._hearing.add(task)
            task.add_done_callback(self._hearing.discard)

    def _missed(self) -> None:
        """Other replicas' news may have been missed."""
        self.audience.missed()
        self.rights.ask()

    async def authenticate(self, headers: Mapping[str, str]) -> Identity:
        """Return who sent these headers (names in small letters). Raises CoterieError(SIGNED_OUT)."""
        found = await identity.authenticate(self.database, headers, self.settings.secure)
        self.seen.note(found.user, found.login)
        return found


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
