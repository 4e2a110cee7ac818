"""Passes are good at every replica of the hub, and codes once among all of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select

from coterie.hub.db.engine import Database
from coterie.hub.db.tables import SpentCode
from coterie.hub.ports import passes
from coterie.hub.ports.address import Place
from coterie.hub.ports.passes import Passes
from tests.hub.conftest import MakeSettings

PLACE = Place(8000, "w" * 16)


@pytest.fixture
async def replicas(make_settings: MakeSettings) -> AsyncIterator[tuple[Passes, Passes]]:
    """What two hubs have that share their key and database."""
    settings = make_settings()
    await asyncio.to_thread(settings.data.mkdir, parents=True, exist_ok=True)
    databases = [Database(settings.database) for _ in range(2)]
    await databases[0].migrate()
    key = Ed25519PrivateKey.generate()
    yield Passes(key, databases[0]), Passes(key, databases[1])
    for database in databases:
        await database.close()


async def test_a_code_of_one_replica_is_good_at_another_and_then_nowhere(replicas: tuple[Passes, Passes]) -> None:
    one, two = replicas
    code = one.code(PLACE, "ada", "login")
    found = await two.spend(code, PLACE)
    assert found is not None
    assert (found.user, found.login) == ("ada", "login")
    for replica in (one, two):
        assert await replica.spend(code, PLACE) is None
    cookie = two.cookie(found)
    assert one.read(cookie, PLACE) is not None
    assert one.read(code, PLACE) is None
    assert await one.spend(cookie, PLACE) is None


async def test_of_all_who_use_a_code_at_once_one_is_let_in(replicas: tuple[Passes, Passes]) -> None:
    code = replicas[0].code(PLACE, "ada", "login")
    found = await asyncio.gather(*(replicas[n % 2].spend(code, PLACE) for n in range(8)))
    assert sum(each is not None for each in found) == 1


async def test_spent_codes_are_forgotten_once_they_would_have_expired(
    replicas: tuple[Passes, Passes], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = replicas[0]
    code = one.code(PLACE, "ada", "login")
    assert await one.spend(code, PLACE) is not None
    later = time.time() + 2 * passes.CODE_LIFETIME
    monkeypatch.setattr(time, "time", lambda: later)
    monkeypatch.setattr(passes, "now", lambda: datetime.fromtimestamp(later, UTC))
    assert await one.spend(code, PLACE) is None
    assert await one.spend(one.code(PLACE, "ada", "login"), PLACE) is not None
    async with one._database.read() as session:
        assert await session.scalar(select(func.count()).select_from(SpentCode)) == 1
