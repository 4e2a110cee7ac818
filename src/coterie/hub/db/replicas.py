"""News between hub replicas that share a PostgreSQL: NOTIFY in the transaction that makes it, LISTEN everywhere."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from sqlalchemy import func, select
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncSession

from coterie.hub.news import Bulletin, News
from coterie.wire.decoding import UNREADABLE
from coterie.wire.ids import new_id

CHANNEL = "coterie"
LONGEST = 7900
"""Bytes of one notification; PostgreSQL takes less than 8000."""

RETRY = 1.0
"""Seconds between tries to listen again after the connection was lost."""

logger = logging.getLogger(__name__)


class Replicas:
    """One listening connection. `missed` is called after every gap in listening."""

    def __init__(self, url: str, deliver: Callable[[News], None], missed: Callable[[], None]) -> None:
        self._url = make_url(url)
        self._deliver = deliver
        self._missed = missed
        self._origin = new_id()
        self._task: asyncio.Task[None] | None = None
        self._listening = asyncio.Event()

    async def open(self) -> None:
        """Start listening; return once it does."""
        self._task = asyncio.create_task(self._listen(), name="replicas")
        await self._listening.wait()

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def announce(self, session: AsyncSession, news: Sequence[News]) -> None:
        """Send news with this transaction's commit: PostgreSQL drops it if the transaction is undone."""
        texts = [self._text([each]) for each in news]
        for text in texts:
            await session.execute(select(func.pg_notify(CHANNEL, text)))

    def _text(self, news: list[News]) -> str:
        text = msgspec.json.encode(Bulletin(self._origin, news)).decode()
        if len(text.encode()) <= LONGEST:
            return text
        # Only the audience of a workspace grows. Without it the others reload everything they show, which is right too.
        return msgspec.json.encode(Bulletin(self._origin, [])).decode()

    async def _listen(self) -> None:
        import asyncpg  # noqa: PLC0415 not needed with SQLite

        url = self._url
        options: dict[str, Any] = {"user": url.username, "password": url.password, "database": url.database}
        options |= {"host": url.host, "port": url.port, **url.query}
        while True:
            try:
                connection = await asyncpg.connect(**{k: v for k, v in options.items() if v is not None})
                lost = asyncio.Event()
                connection.add_termination_listener(lambda _, lost=lost: lost.set())
                try:
                    await connection.add_listener(CHANNEL, self._heard)
                    if self._listening.is_set():
                        self._missed()
                    self._listening.set()
                    await lost.wait()
                finally:
                    connection.terminate()
            except (OSError, asyncpg.PostgresError) as error:
                logger.warning("cannot listen to the other replicas", extra={"detail": repr(error)})
            await asyncio.sleep(RETRY)

    def _heard(self, _connection: Any, _pid: int, _channel: str, payload: object) -> None:
        try:
            bulletin = msgspec.json.decode(str(payload), type=Bulletin)
        except UNREADABLE as error:
            logger.warning("unreadable news from another replica", extra={"detail": repr(error)})
            self._missed()
            return
        if bulletin.origin == self._origin:
            return
        if not bulletin.news:
            self._missed()
        for news in bulletin.news:
            self._deliver(news)
