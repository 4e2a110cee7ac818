"""Live state: a snapshot, then changes, which always lead to what a fresh snapshot would say."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, MutableMapping
from typing import Any

import httpx
import pytest
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coterie.hub import events
from coterie.hub.api import live, schemas
from coterie.hub.events import MOST_LISTENERS, Subscription, follow
from coterie.wire.capabilities import Role
from tests.hub.conftest import Caller, House, cookies
from tests.support.waiting import eventually

Page = dict[str, Any]


def apply(page: Page, event: schemas.Event) -> None:
    """What a page does with an event."""
    match event:
        case schemas.SnapshotEvent():
            page["me"] = event.me
            page["workspaces"] = {workspace.id: workspace for workspace in event.workspaces}
        case schemas.WorkspaceEvent():
            page["workspaces"][event.workspace.id] = event.workspace
        case schemas.GoneEvent():
            page["workspaces"].pop(event.id)
        case schemas.MeEvent():
            page["me"] = event.me


async def caught_up(stream: AsyncIterator[schemas.Event | None], subscription: Subscription, page: Page) -> None:
    """Apply events until nothing is waiting."""
    while subscription.fresh or subscription.me or subscription.changed:
        event = await anext(stream)
        if event:
            apply(page, event)


async def fresh(house: House, caller: Caller) -> Page:
    identity = await house.hub.authenticate(cookies(caller))
    page: Page = {}
    event = await anext(follow(house.hub.database, Subscription(identity)))
    assert event
    apply(page, event)
    return page


OPERATIONS = ("create", "start", "stop", "die", "delete", "add", "remove", "leave", "rename me", "reset", "read")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 3)), max_size=14))
def test_events_applied_to_old_state_equal_the_fresh_state(
    steps: list[tuple[str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    from coterie.hub.settings import Settings

    async def run() -> None:
        async with House(Settings(data=tmp_path_factory.mktemp("data"))).open() as house:
            ada = await house.administrator()
            people = [ada, await house.person(ada, "grace")]
            pages: list[Page] = [{}, {}]
            with (
                house.hub.bus.subscribe(await house.hub.authenticate(cookies(people[0]))) as first,
                house.hub.bus.subscribe(await house.hub.authenticate(cookies(people[1]))) as second,
            ):
                streams = [follow(house.hub.database, first), follow(house.hub.database, second)]
                for number, (operation, which) in enumerate(steps):
                    await _do(house, people, operation, which, number)
                    if operation == "reset":
                        house.hub.bus.reset()
                    if operation == "read":
                        await caught_up(streams[which % 2], (first, second)[which % 2], pages[which % 2])
                for workspace in await ada.get("/workspaces"):
                    await house.hub.lifecycle.settled(workspace["id"])
                # A machine that died is noticed a moment later, which may be now. While this one writes, nobody else
                # does, and what the others wrote has been told.
                async with house.hub.database.write():
                    for person, stream, subscription, page in zip(people, streams, (first, second), pages, strict=True):
                        await caught_up(stream, subscription, page)
                        assert page == await fresh(house, person)
                        await stream.aclose()

    with pytest.MonkeyPatch.context() as patch:
        # What came and went before anybody read of it is no event: only a heartbeat ends the wait for one.
        patch.setattr(events, "HEARTBEAT", 0.01)
        asyncio.run(run())


async def _do(house: House, people: list[Caller], operation: str, which: int, number: int) -> None:
    ada, grace = people
    existing = await ada.get("/workspaces")
    chosen = existing[which % len(existing)] if existing else None
    if operation == "create":
        await ada.http.post("/api/v1/workspaces", json={"name": f"w{number}"})
    elif operation == "rename me":
        await people[which % 2].call("PATCH", "/me", {"display_name": f"name {number}"})
    elif chosen:
        path = f"/api/v1/workspaces/{chosen['id']}"
        match operation:
            case "start" | "stop":
                await ada.http.post(f"{path}/{operation}")
            case "die":
                house.machines.die(chosen["id"])
            case "delete":
                await ada.http.request("DELETE", path, json={"confirm": chosen["name"]})
            case "add":
                await ada.http.post(f"{path}/members", json={"username": "grace"})
            case "remove":
                await ada.http.delete(f"{path}/members/{grace.me['id']}")
            case "leave":
                await grace.http.post(f"{path}/leave")


async def test_only_what_one_sees(house: House, ada: Caller, grace: Caller) -> None:
    with house.hub.bus.subscribe(await house.hub.authenticate(cookies(grace))) as subscription:
        stream = follow(house.hub.database, subscription)
        page: Page = {}
        await caught_up(stream, subscription, page)
        made = await house.running(ada)
        assert not subscription.changed
        await ada.post(f"/workspaces/{made['id']}/members", {"username": "grace"})
        event = await anext(stream)
        assert isinstance(event, schemas.WorkspaceEvent) and event.workspace.role is Role.MEMBER
        await ada.delete(f"/workspaces/{made['id']}/members/{grace.me['id']}")
        assert await anext(stream) == schemas.GoneEvent(id=made["id"])
        await stream.aclose()


async def test_nothing_is_told_of_what_was_undone(house: House, ada: Caller) -> None:
    with house.hub.bus.subscribe(await house.hub.authenticate(cookies(ada))) as subscription:
        subscription.fresh = False
        with pytest.raises(RuntimeError):
            async with house.hub.write() as transaction:
                transaction.user_changed(ada.me["id"])
                raise RuntimeError("undone")
        assert not subscription.me and not subscription.wake.is_set()


async def test_too_many_changes_begin_again(house: House, ada: Caller) -> None:
    with house.hub.bus.subscribe(await house.hub.authenticate(cookies(ada))) as subscription:
        subscription.fresh = False
        for number in range(events.MOST_CHANGES + 1):
            subscription.mark(f"w{number}")
        assert subscription.fresh and not subscription.changed


async def test_silence_is_filled_with_heartbeats(house: House, ada: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT", 0.01)
    with house.hub.bus.subscribe(await house.hub.authenticate(cookies(ada))) as subscription:
        stream = follow(house.hub.database, subscription)
        assert isinstance(await anext(stream), schemas.SnapshotEvent)
        assert await anext(stream) is None
        await stream.aclose()


async def test_a_reader_that_is_too_slow_is_let_go(house: House, ada: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SEND_WITHIN", 0.01)
    stuck = asyncio.Event()

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.body":
            await stuck.wait()

    async def receive() -> MutableMapping[str, Any]:
        await stuck.wait()
        return {"type": "http.disconnect"}

    identity = await house.hub.authenticate(cookies(ada))
    await live.EventStream(house.hub, identity)({"type": "http"}, receive, send)
    assert len(house.hub.bus) == 0


async def test_the_owners_new_name_reaches_everyone(house: House, ada: Caller, grace: Caller) -> None:
    made = await house.running(ada)
    await ada.post(f"/workspaces/{made['id']}/members", {"username": "grace"})
    with house.hub.bus.subscribe(await house.hub.authenticate(cookies(grace))) as subscription:
        stream = follow(house.hub.database, subscription)
        await anext(stream)
        await ada.call("PATCH", "/me", {"display_name": "Countess"})
        event = await anext(stream)
        assert isinstance(event, schemas.WorkspaceEvent) and event.workspace.owner.display_name == "Countess"
        await stream.aclose()


async def test_over_http(house: House, ada: Caller, grace: Caller) -> None:
    server = uvicorn.Server(uvicorn.Config(house.app, port=0, lifespan="off", log_config=None, access_log=False))
    server.config.load()
    serving = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    async with httpx.AsyncClient(base_url=address, timeout=30) as client:
        refused = await client.get("/api/v1/events")
        assert refused.status_code == 401
        async with client.stream("GET", "/api/v1/events", headers=cookies(grace)) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            lines = (line async for line in answer.aiter_lines() if line.startswith("data:"))
            first = json.loads((await anext(lines))[5:])
            assert first["type"] == "snapshot" and first["me"] == grace.me
            await grace.call("PATCH", "/me", {"display_name": "Rear Admiral"})
            assert json.loads((await anext(lines))[5:])["me"]["display_name"] == "Rear Admiral"
            assert len(house.hub.bus) == 1
            await ada.call("PATCH", f"/admin/users/{grace.me['id']}", {"disabled": True})
            with pytest.raises(StopAsyncIteration):
                await anext(lines)
        async with client.stream("GET", "/api/v1/events", headers=cookies(ada)) as answer:
            await anext(answer.aiter_lines())
            await eventually(lambda: len(house.hub.bus) == 1)
    await eventually(lambda: len(house.hub.bus) == 0)
    server.should_exit = True
    await serving


async def test_one_persons_listeners_are_bounded(house: House, grace: Caller) -> None:
    identity = await house.hub.authenticate(cookies(grace))
    with contextlib.ExitStack() as stack:
        listeners = [stack.enter_context(house.hub.bus.subscribe(identity)) for _ in range(MOST_LISTENERS + 3)]
        assert [listener.ended for listener in listeners] == [True] * 3 + [False] * MOST_LISTENERS
        assert len(house.hub.bus) == MOST_LISTENERS
    assert len(house.hub.bus) == 0
