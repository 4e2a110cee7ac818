"""Several hubs over one PostgreSQL: what one does, the others' pages and connections hear of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import delete

from coterie.hub.api import schemas
from coterie.hub.db.tables import Grant
from coterie.hub.events import follow
from coterie.hub.gate.link import make_grant
from coterie.hub.news import WorkspaceChanged
from coterie.hub.settings import Settings
from coterie.wire.capabilities import Role
from coterie.wire.closing import Closing
from tests.hub.conftest import Caller, House, cookies
from tests.support.machines import Passing
from tests.support.postgres import Postgres
from tests.support.waiting import eventually

pytestmark = pytest.mark.postgres

STOP_LISTENING = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND query LIKE 'LISTEN%%'"
)


@pytest.fixture
async def houses(postgres: Postgres, tmp_path: Path) -> AsyncIterator[tuple[House, House]]:
    settings = Settings(data=tmp_path, database_url=postgres.fresh())
    one = House(settings)
    async with one.open(), House(settings, one.machines).open() as two:
        yield one, two


@pytest.fixture
async def ada(houses: tuple[House, House]) -> Caller:
    return await houses[0].administrator()


async def elsewhere(house: House, caller: Caller) -> Caller:
    """The same browser at another replica."""
    same = house.stranger()
    same.http.cookies = caller.http.cookies
    return same


async def test_events_and_revocations(houses: tuple[House, House], ada: Caller) -> None:
    one, two = houses
    there = await elsewhere(two, ada)
    with two.hub.bus.subscribe(await two.hub.authenticate(cookies(ada))) as subscription:
        stream = follow(two.hub.database, subscription)
        assert isinstance(await anext(stream), schemas.SnapshotEvent)
        made = await one.running(ada)
        states = []
        while "running" not in states:
            event = await anext(stream)
            assert isinstance(event, schemas.WorkspaceEvent)
            states.append(event.workspace.state)
        await stream.aclose()
    await ada.post(f"/workspaces/{made['id']}/stop")
    await eventually(lambda: Closing.STOPPING in two.revocations.closings(workspace=made["id"]))
    await one.settled(ada, made["id"])
    await ada.post("/sign-out-everywhere")
    await eventually(lambda: Closing.SIGNED_OUT in two.revocations.closings())
    await there.get("/me", 401)


async def test_stopping_at_one_what_starts_at_the_other(houses: tuple[House, House], ada: Caller) -> None:
    one, two = houses
    there = await elsewhere(two, ada)
    one.machines.hold = asyncio.Event()
    made = await ada.workspace()
    await one.machines.starting.wait()
    await there.post(f"/workspaces/{made['id']}/stop")
    assert (await two.settled(there, made["id"]))["state"] == "stopped"
    await one.hub.lifecycle.settled(made["id"])
    assert not one.machines.running


async def test_the_others_watch_what_one_started(houses: tuple[House, House], ada: Caller) -> None:
    one, two = houses
    there = await elsewhere(two, ada)
    made = await one.running(ada)
    await eventually(lambda: made["id"] in two.hub.lifecycle._watches)
    await one.hub.lifecycle.close()
    one.machines.die(made["id"])
    await eventually(lambda: len(one.machines.started) == 2)
    await two.until(there, made["id"], "running")


async def test_after_a_gap_everything_is_fresh(houses: tuple[House, House], ada: Caller) -> None:
    _, two = houses
    with two.hub.bus.subscribe(await two.hub.authenticate(cookies(ada))) as subscription:
        subscription.fresh = False
        async with two.hub.database.engine.begin() as connection:
            await connection.exec_driver_sql(STOP_LISTENING)
        await eventually(lambda: subscription.fresh)


async def test_after_a_gap_everyones_right_is_looked_at(houses: tuple[House, House], ada: Caller) -> None:
    one, two = houses
    grace = await one.person(ada, "grace")
    made = await one.running(ada)
    await ada.post(f"/workspaces/{made['id']}/members", {"username": "grace"})
    identity = await two.hub.authenticate(cookies(grace))
    grant = make_grant("random", identity.login, Role.MEMBER)
    two.revocations.live = [Passing(identity.user, identity.login, made["id"], grant)]
    # What is decided at the first while the second cannot hear it.
    async with one.hub.database.write() as session:
        await session.execute(delete(Grant).where(Grant.user_id == identity.user))
    two.revocations.calls.clear()
    async with two.hub.database.engine.begin() as connection:
        await connection.exec_driver_sql(STOP_LISTENING)
    await eventually(lambda: Closing.REVOKED in two.revocations.closings(workspace=made["id"], user=identity.user))
    assert two.revocations.doubts


async def test_too_large_an_audience(houses: tuple[House, House], ada: Caller) -> None:
    one, two = houses
    with two.hub.bus.subscribe(await two.hub.authenticate(cookies(ada))) as subscription:
        subscription.fresh = False
        async with one.hub.write() as transaction:
            transaction.news.append(WorkspaceChanged("w" * 16, tuple(f"{n:016}" for n in range(1000))))
        await eventually(lambda: subscription.fresh)


async def test_nonsense_from_the_database(houses: tuple[House, House], ada: Caller) -> None:
    _, two = houses
    with two.hub.bus.subscribe(await two.hub.authenticate(cookies(ada))) as subscription:
        subscription.fresh = False
        async with two.hub.database.engine.begin() as connection:
            await connection.exec_driver_sql("SELECT pg_notify('coterie', 'nonsense')")
        await eventually(lambda: subscription.fresh)
