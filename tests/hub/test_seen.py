"""When people were last here: right within a minute, and not written with every request."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from coterie.hub import seen
from coterie.hub.db.tables import now
from coterie.wire.errors import CoterieError, ErrorCode
from tests.hub.conftest import Caller, House, MakeSettings, cookies
from tests.support.machines import Passing
from tests.support.waiting import eventually

EVERY = seen.EVERY


@pytest.fixture(autouse=True)
def written_only_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long a test takes, the hub writes nothing by itself in the middle of it."""
    monkeypatch.setattr(seen, "EVERY", 3600.0)


async def last_seen(administrator: Caller, username: str) -> datetime | None:
    users: list[dict[str, Any]] = await administrator.get("/admin/users")
    text = next(user["last_seen"] for user in users if user["username"] == username)
    return datetime.fromisoformat(text) if text else None


class Writes:
    """Counts a hub's transactions that write, or has them fail."""

    def __init__(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.fail: Exception | None = None
        write = house.hub.database.write

        @asynccontextmanager
        async def counted() -> AsyncIterator[AsyncSession]:
            self.count += 1
            if self.fail:
                raise self.fail
            async with write() as session:
                yield session

        monkeypatch.setattr(house.hub.database, "write", counted)


async def test_it_is_right_within_a_minute_by_itself(
    make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert EVERY <= 60
    monkeypatch.setattr(seen, "EVERY", 0.05)
    async with House(make_settings()).open() as house:
        ada = await house.administrator()
        await house.person(ada, "grace")
        began = now()

        async def seen_since() -> bool:
            at = await last_seen(ada, "ada")
            return at is not None and at >= began

        await eventually(seen_since)
        assert await last_seen(ada, "grace") is None


async def test_requests_write_nothing_and_all_of_them_together_once(
    house: House, ada: Caller, grace: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = Writes(house, monkeypatch)
    for _ in range(10):
        await ada.get("/me")
        await grace.get("/me")
    assert writes.count == 0
    began = now()
    await grace.get("/me")
    await house.hub.seen.save()
    assert writes.count == 1
    at = await last_seen(ada, "grace")
    assert at is not None and began <= at <= now()


async def test_nobody_here_is_nothing_to_write(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    writes = Writes(house, monkeypatch)
    await house.hub.seen.save()
    assert writes.count == 0


@pytest.mark.parametrize("how", ["a page that listens", "an open workspace"])
async def test_who_is_connected_is_here(house: House, ada: Caller, grace: Caller, how: str) -> None:
    identity = await house.hub.authenticate(cookies(grace))
    await house.hub.seen.save()
    began = now()
    if how == "an open workspace":
        house.revocations.live.append(Passing(identity.user, identity.login, "w", ""))
        await house.hub.seen.save()
    else:
        with house.hub.bus.subscribe(identity):
            await house.hub.seen.save()
    at = await last_seen(ada, "grace")
    assert at is not None and at >= began


async def test_another_replicas_later_time_stays(house: House, ada: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    await ada.get("/me")
    later = now() + timedelta(days=365)
    with monkeypatch.context() as patch:
        patch.setattr(seen, "now", lambda: later)
        await ada.get("/me")
        await house.hub.seen.save()
    await ada.get("/me")
    await house.hub.seen.save()
    assert await last_seen(ada, "ada") == later


async def test_what_could_not_be_written_is_kept(house: House, ada: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    writes = Writes(house, monkeypatch)
    await ada.get("/me")
    writes.fail = CoterieError(ErrorCode.DISK_FULL, "The disk is full.")
    with pytest.raises(CoterieError):
        await house.hub.seen.save()
    writes.fail = None
    await house.hub.seen.save()
    assert await last_seen(ada, "ada")


async def test_an_orderly_end_writes_it_down(make_settings: MakeSettings) -> None:
    settings = make_settings()
    async with House(settings).open() as house:
        ada = await house.administrator()
        await ada.get("/me")
    async with House(settings).open() as house:
        caller = house.stranger()
        caller.http.cookies = ada.http.cookies
        assert await last_seen(caller, "ada")
