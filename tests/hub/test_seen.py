"""When people were last here: right within a minute, and not written with every request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from coterie.hub import seen
from coterie.hub.db.tables import now
from coterie.wire.errors import CoterieError, ErrorCode
from tests.hub.conftest import Caller, House, MakeSettings, cookies
from tests.support.machines import Passing


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
    assert seen.EVERY <= 60
    monkeypatch.setattr(seen, "EVERY", 0.05)
    async with House(make_settings()).open() as house, asyncio.timeout(20):
        ada = await house.administrator()
        await house.person(ada, "grace")
        began = now()
        while (at := await last_seen(ada, "ada")) is None or at < began:
            pass
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
    late = now()
    monkeypatch.setattr(seen, "now", lambda: late.replace(year=late.year + 1))
    await ada.get("/me")
    await house.hub.seen.save()
    monkeypatch.undo()
    await ada.get("/me")
    await house.hub.seen.save()
    at = await last_seen(ada, "ada")
    assert at is not None and at.year == late.year + 1


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
