"""`coterie serve` over PostgreSQL with real machines: one hub, killed and started again, and a second beside it."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from coterie.wire.closing import Closing
from coterie.wire.messages.connection import Failed
from coterie.wire.messages.files import FileCreate, FileList
from tests.support.hub import BY_NEWS_ALONE, Account, RunningHub
from tests.support.postgres import Postgres

pytestmark = pytest.mark.postgres


@pytest.fixture
def hubs(postgres: Postgres) -> Iterator[tuple[RunningHub, RunningHub]]:
    """Two replicas over one database and one data directory; the second is not started yet."""
    with tempfile.TemporaryDirectory(prefix="cot-") as folder:
        environment = {"COTERIE_DRIVER": "process", "COTERIE_DATABASE_URL": postgres.fresh()}
        one, two = (RunningHub(Path(folder), environment) for _ in range(2))
        one.prelude = two.prelude = BY_NEWS_ALONE
        try:
            one.start()
            yield one, two
        finally:
            if two.process:
                two.close()
            one.close()


async def test_a_life(hubs: tuple[RunningHub, RunningHub]) -> None:
    one, two = hubs
    ada = one.set_up()
    bob = ada.invite("bob", "Bob")
    workspace = ada.post("/workspaces", {"name": "shared", "source": {"kind": "blank"}})["id"]
    ada.post(f"/workspaces/{workspace}/members", {"username": "bob"})
    await asyncio.to_thread(ada.until, workspace, "running")
    mine, his = await ada.open(workspace), await bob.open(workspace)
    await mine.succeed(FileCreate(0, "kept.txt"))

    # Killed and started again: everybody is still there, and still signed in.
    await asyncio.to_thread(one.restart)
    await asyncio.to_thread(ada.until, workspace, "running")
    assert not isinstance(await his.request(FileList(0, "")), Failed)
    assert ada.http.get(f"/api/v1/workspaces/{workspace}/files/kept.txt").is_success

    # What is decided at a second hub is done at the first.
    await asyncio.to_thread(two.start)
    there = Account(two, "ada")
    there.sign_in()
    assert [each["name"] for each in there.get("/workspaces")] == ["shared"]
    user = bob.get("/me")["id"]
    there.http.delete(f"/api/v1/workspaces/{workspace}/members/{user}").raise_for_status()
    assert (await his.wait_closed()).code == Closing.REVOKED
    there.post(f"/workspaces/{workspace}/stop")
    assert (await mine.wait_closed()).code == Closing.STOPPING
    await asyncio.to_thread(ada.until, workspace, "stopped")
