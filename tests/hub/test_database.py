"""The database: migrations lead to the tables, and a database this program does not know is left alone."""

from __future__ import annotations

import asyncio

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from coterie.hub.db import engine
from coterie.hub.db.engine import MIGRATIONS, REVISIONS, Database, upgrade
from coterie.hub.db.tables import Table, User
from coterie.wire.errors import CoterieError
from tests.hub.conftest import MakeSettings


def differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Table.metadata))


async def open_database(make_settings: MakeSettings) -> Database:
    settings = make_settings()
    await asyncio.to_thread(settings.data.mkdir, parents=True, exist_ok=True)
    return Database(settings.database)


def test_revisions_are_in_order() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))
    assert [script.revision for script in scripts.walk_revisions()][::-1] == REVISIONS
    assert scripts.get_current_head() == REVISIONS[-1]


async def test_migrations_and_tables_are_the_same(make_settings: MakeSettings) -> None:
    database = await open_database(make_settings)
    async with database.engine.begin() as connection:
        await connection.run_sync(upgrade)
        assert await connection.run_sync(differences) == []
        assert await connection.run_sync(_described) == _expected()
    await database.close()


def _described(connection: Connection) -> dict[str, set[str]]:
    """Names of constraints and indexes, which comparing does not look at in full."""
    inspector = inspect(connection)
    return {
        name: {
            *(str(each["name"]) for each in inspector.get_foreign_keys(name)),
            *(str(each["name"]) for each in inspector.get_unique_constraints(name)),
            str(inspector.get_pk_constraint(name)["name"]),
        }
        for name in Table.metadata.tables
    }


def _expected() -> dict[str, set[str]]:
    return {
        name: {str(constraint.name) for constraint in table.constraints if constraint.name}
        for name, table in Table.metadata.tables.items()
    }


async def test_a_new_database_gets_todays_tables(make_settings: MakeSettings) -> None:
    database = await open_database(make_settings)
    await asyncio.gather(database.migrate(), *([database.migrate()] if database.postgres else []))
    await database.migrate()
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
        version = await connection.execute(text("SELECT version_num FROM alembic_version"))
        assert version.scalars().all() == [REVISIONS[-1]]
    await database.close()


async def test_a_newer_database_is_left_alone(make_settings: MakeSettings) -> None:
    database = await open_database(make_settings)
    await database.migrate()
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(CoterieError, match="newer Coterie"):
        await database.migrate()
    await database.close()


async def test_a_database_that_cannot_be_reached_gets_a_sentence() -> None:
    database = Database("postgresql+asyncpg://ada:s3cret@127.0.0.1:9/none")
    with pytest.raises(CoterieError) as caught:
        await database.migrate()
    assert "cannot be used" in caught.value.sentence and "s3cret" not in caught.value.sentence
    await database.close()


async def test_writers_take_turns(make_settings: MakeSettings) -> None:
    database = await open_database(make_settings)
    await database.migrate()
    async with database.write() as session:
        session.add(User(id="a" * 16, username="ada", display_name="Ada", password="x"))

    async def one_more() -> None:
        async with database.write() as session:
            user = await session.get_one(User, "a" * 16, with_for_update=True)
            user.colour += 1

    await asyncio.gather(*(one_more() for _ in range(20)))
    async with database.read() as session:
        user = await session.get_one(User, "a" * 16)
        assert user.colour == 20 and user.created.utcoffset() is not None
    with pytest.raises(ValueError, match="undone"):
        async with database.write() as session:
            (await session.get_one(User, "a" * 16)).colour = 0
            raise ValueError("undone")
    async with database.read() as session:
        assert (await session.get_one(User, "a" * 16)).colour == 20
    await database.close()


async def test_sqlite_is_safe(make_settings: MakeSettings) -> None:
    database = await open_database(make_settings)
    if not database.postgres:
        async with database.engine.connect() as connection:
            pragmas = ("journal_mode", "foreign_keys", "busy_timeout")
            values = [(await connection.exec_driver_sql(f"PRAGMA {name}")).scalar() for name in pragmas]
            assert values == ["wal", 1, engine.BUSY_TIMEOUT]
    await database.close()
