"""Nobody stays longer than they may: expired logins, and what was taken away without anybody telling this hub."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from coterie.hub.db.tables import Grant, Login, Token, User, now
from coterie.hub.events import follow
from coterie.hub.gate.link import make_grant
from coterie.wire.capabilities import Role
from coterie.wire.closing import Closing
from tests.hub.conftest import Caller, House, cookies
from tests.support.machines import Passing
from tests.support.waiting import eventually

SOON = timedelta(seconds=0.3)


async def connected(house: House, caller: Caller, workspace: str, role: Role) -> Passing:
    """A connection of this caller that the hub finds in its registry."""
    identity = await house.hub.authenticate(cookies(caller))
    passing = Passing(identity.user, identity.login, workspace, make_grant("random", identity.login, role))
    house.revocations.live.append(passing)
    return passing


@pytest.fixture
async def shared(house: House, ada: Caller, grace: Caller) -> str:
    """A workspace of Ada that Grace is a member of."""
    made = await house.running(ada)
    await ada.post(f"/workspaces/{made['id']}/members", {"username": "grace"})
    house.revocations.calls.clear()
    return str(made["id"])


async def test_who_may_stay_stays(house: House, ada: Caller, grace: Caller, shared: str) -> None:
    await connected(house, ada, shared, Role.OWNER)
    await connected(house, grace, shared, Role.MEMBER)
    expires = await house.hub.rights.check()
    assert expires and expires > now() + timedelta(days=29)
    assert not house.revocations.calls


async def test_nobody_is_looked_at(house: House) -> None:
    assert await house.hub.rights.check() is None


async def test_a_login_is_ended_when_it_expires(house: House, ada: Caller, grace: Caller, shared: str) -> None:
    there = await connected(house, grace, shared, Role.MEMBER)
    identity = await house.hub.authenticate(cookies(grace))
    with house.hub.bus.subscribe(identity) as subscription:
        stream = follow(house.hub.database, subscription)
        await anext(stream)
        async with house.hub.database.write() as session:
            await session.execute(update(Login).where(Login.id == there.login).values(expires=now() + SOON))
        house.hub.rights.ask()
        async with asyncio.timeout(30):
            assert [event async for event in stream] == []
    assert house.revocations.closings(login=there.login) == [Closing.SIGNED_OUT]
    await grace.get("/me", 401)


async def test_a_page_that_listens_does_not_outlive_its_login(house: House, ada: Caller) -> None:
    token = await ada.post("/me/tokens", {"name": "page", "days": 1})
    headers = {"authorization": f"Bearer {token['token']}"}
    listening = asyncio.create_task(house.stranger().http.get("/api/v1/events", headers=headers))
    await eventually(lambda: len(house.hub.bus))
    async with house.hub.database.write() as session:
        await session.execute(update(Token).values(expires=now() + SOON))
    house.hub.rights.ask()
    async with asyncio.timeout(30):
        assert '"type":"snapshot"' in (await listening).text


Change = Callable[[House, Passing], Awaitable[None]]


async def _removed(house: House, there: Passing) -> None:
    async with house.hub.database.write() as session:
        await session.execute(delete(Grant).where(Grant.user_id == there.user))


async def _demoted(house: House, there: Passing) -> None:
    async with house.hub.database.write() as session:
        await session.execute(update(Grant).where(Grant.user_id == there.user).values(role=Role.WATCHER))


async def _signed_out(house: House, there: Passing) -> None:
    async with house.hub.database.write() as session:
        await session.execute(delete(Login).where(Login.id == there.login))


async def _disabled(house: House, there: Passing) -> None:
    async with house.hub.database.write() as session:
        await session.execute(update(User).where(User.id == there.user).values(disabled=True))


@pytest.mark.parametrize(
    ("change", "closing"),
    [
        (_removed, Closing.REVOKED),
        (_demoted, Closing.ACCESS_CHANGED),
        (_signed_out, Closing.SIGNED_OUT),
        (_disabled, Closing.SIGNED_OUT),
    ],
)
async def test_what_was_taken_away_unseen(
    house: House, ada: Caller, grace: Caller, shared: str, change: Change, closing: Closing
) -> None:
    there = await connected(house, grace, shared, Role.MEMBER)
    await connected(house, ada, shared, Role.OWNER)
    await change(house, there)
    await house.hub.rights.check()
    assert house.revocations.closings(user=there.user) == [closing]
    assert len(house.revocations.calls) == 1


async def test_somebody_elses_login_lets_nobody_stay(house: House, ada: Caller, grace: Caller, shared: str) -> None:
    """A workspace server says whose the connections are that it had before; it may lie."""
    mine, theirs = await connected(house, ada, shared, Role.OWNER), await connected(house, grace, shared, Role.MEMBER)
    house.revocations.live[:] = [Passing(mine.user, theirs.login, shared, mine.grant)]
    await house.hub.rights.check()
    assert house.revocations.closings(user=mine.user, login=theirs.login) == [Closing.SIGNED_OUT]


async def test_a_database_that_does_not_answer_lets_nobody_stay_for_good(
    house: House, ada: Caller, shared: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coterie.hub.rights.RETRY", 0.01)
    there = await connected(house, ada, shared, Role.OWNER)
    check, failed = house.hub.rights.check, asyncio.Event()

    async def failing() -> None:
        monkeypatch.setattr(house.hub.rights, "check", check)
        failed.set()
        raise OSError("gone")

    monkeypatch.setattr(house.hub.rights, "check", failing)
    await _signed_out(house, there)
    house.hub.rights.ask()
    await eventually(lambda: failed.is_set() and house.revocations.closings(login=there.login))
