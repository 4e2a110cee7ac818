"""The connection to the database: SQLite or PostgreSQL, readers and writers, and bringing the tables up to date."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, inspect, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

from coterie.hub.db.tables import Table
from coterie.wire.errors import CoterieError, ErrorCode

MIGRATIONS = Path(__file__).parent / "migrations"
REVISIONS = sorted(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
"""Names of the migrations in order: the four digits that their files start with."""

BUSY_TIMEOUT = 10_000
"""Milliseconds a SQLite connection waits for another one's write."""

FULL = "The disk that Coterie stores this on is full. Nothing was changed: make room there and try again."

MIGRATION_LOCK = 0x0C07E21E
"""PostgreSQL advisory lock under which one replica migrates while the others wait."""


class Database:
    """Sessions over one engine. Writers on SQLite take turns here instead of spinning on its lock."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.postgres = url.startswith("postgresql")
        options: dict[str, Any] = {"pool_pre_ping": True, "pool_size": 10} if self.postgres else {"pool_size": 4}
        self.engine: AsyncEngine = create_async_engine(url, **options)
        self._writer = asyncio.Lock()
        # Without a pool, closing the connection ends its session, which gives the lock back.
        self._claims = (
            create_async_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT") if self.postgres else None
        )
        if not self.postgres:
            _prepare_sqlite(self.engine)

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session that sees one state of the database and changes nothing."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            yield session

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A session in one transaction, committed at the end of the block, undone by an exception in it.

        Raises CoterieError(DISK_FULL) when the database has no room for it.
        """
        async with contextlib.AsyncExitStack() as stack:
            if not self.postgres:
                await stack.enter_async_context(self._writer)
            session = await stack.enter_async_context(AsyncSession(self.engine, expire_on_commit=False))
            if not self.postgres:
                # Taking the write lock first: a reader that turns writer later may be refused (SQLITE_BUSY_SNAPSHOT).
                await session.connection(execution_options={"coterie_begin": "BEGIN IMMEDIATE"})
            try:
                yield session
                await session.commit()
            except DBAPIError as error:
                if _is_full(error):
                    raise CoterieError(ErrorCode.DISK_FULL, FULL, repr(error)) from error
                raise

    async def migrate(self) -> None:
        """Bring the tables up to date. Raises CoterieError when the database is newer than this program."""
        try:
            async with self.engine.connect() as connection:
                if self.postgres:
                    await connection.execute(text(f"SELECT pg_advisory_lock({MIGRATION_LOCK})"))
                    await connection.commit()
                try:
                    await connection.run_sync(_migrate)
                    await connection.commit()
                finally:
                    if self.postgres:
                        await connection.rollback()
                        await connection.execute(text(f"SELECT pg_advisory_unlock({MIGRATION_LOCK})"))
                        await connection.commit()
        except (SQLAlchemyError, OSError) as error:
            shown = re.sub(r"://[^@/]*@", "://…@", self.url)
            raise CoterieError(
                ErrorCode.UNAVAILABLE,
                f"The database {shown} cannot be used. Check COTERIE_DATABASE_URL and that the database runs.",
                repr(error),
            ) from error

    @contextlib.asynccontextmanager
    async def claim(self, name: str) -> AsyncIterator[None]:
        """Keep other replicas from claiming `name` for as long as the block lasts; they wait, also if this one dies.

        SQLite has no replicas, so there is nothing to do. The lock belongs to a connection outside of the pool: tasks
        that hold one use the pool, too.
        """
        if self._claims is None:
            yield
            return
        async with self._claims.connect() as connection:
            await connection.execute(text("SELECT pg_advisory_lock(hashtextextended(:name, 0))"), {"name": name})
            yield

    async def ping(self) -> None:
        """Ask the database for something trivial; raises when it does not answer."""
        async with self.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        await self.engine.dispose()


def _is_full(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) == "53100" or "disk is full" in str(error.orig)


def _prepare_sqlite(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def connected(connection: Any, _record: object) -> None:
        # The driver's own implicit BEGIN is switched off; `begun` below says when and how a transaction starts.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begun(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("coterie_begin", "BEGIN"))


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _migrate(connection: Connection) -> None:
    version = _version(connection)
    if version == REVISIONS[-1]:
        return
    if version is None:
        # A new database gets today's tables at once; a test holds them equal to what the migrations lead to.
        Table.metadata.create_all(connection)
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": REVISIONS[-1]})
        return
    if version not in REVISIONS:
        raise CoterieError(
            ErrorCode.UNAVAILABLE,
            f"The database was written by a newer Coterie (its version {version}, this program knows up to "
            f"{REVISIONS[-1]}). Install that version again, or restore a backup from before.",
        )
    connection.rollback()
    upgrade(connection)


def upgrade(connection: Connection) -> None:
    """Run the migrations that the database lacks, whichever it has."""
    # Loaded only when there is something to do: alembic costs 10 MB that a running hub never needs.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
