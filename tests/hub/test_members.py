"""Who may do what: every route against every role, and letting people in and out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi import FastAPI

from coterie.hub.access import role_on
from coterie.hub.api import routing
from coterie.hub.api.routing import Need
from coterie.hub.app import bare_app
from coterie.hub.db.tables import Grant
from coterie.wire.capabilities import Capability, Role, allows
from coterie.wire.closing import Closing
from coterie.wire.ids import new_id
from tests.hub.conftest import Caller, House

ROUTES = [
    (method, route.path, needs)
    for route, needs in routing.walk(bare_app())
    for method in sorted(route.methods or ())
    if route.include_in_schema
]


def test_a_route_that_does_not_say_who_may_use_it_is_refused() -> None:
    app = FastAPI()

    @app.get("/open-to-all")
    async def open_to_all() -> None: ...

    with pytest.raises(RuntimeError, match="who may use it"):
        list(routing.walk(app))


def test_a_capability_needs_a_workspace() -> None:
    with pytest.raises(RuntimeError, match="no workspace"):
        routing.Router("x").route("GET", "/somewhere", Capability.WORKSPACE_SEE)


def test_public_routes_are_these_and_no_others() -> None:
    assert {(method, path) for method, path, needs in ROUTES if needs is Need.PUBLIC} == {
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("GET", "/metrics"),
        ("GET", "/api/v1/setup"),
        ("POST", "/api/v1/setup"),
        ("POST", "/api/v1/register"),
        ("POST", "/api/v1/sign-in"),
        ("POST", "/api/v1/invitations/look-up"),
    }


async def status(caller: Caller, method: str, path: str, workspace: str) -> int:
    """The status of a request with nothing in it, so that what is permitted fails later, harmlessly."""
    for name in ("user", "token", "invitation"):
        path = path.replace(f"{{{name}}}", new_id())
    path = path.replace("{id}", workspace).replace("{path:path}", "nothing-here")
    return (await caller.http.request(method, path)).status_code


async def test_every_route_refuses_who_may_not(house: House, ada: Caller, grace: Caller) -> None:
    made = await house.running(ada)
    stranger = house.stranger()
    for method, path, needs in ROUTES:
        if needs is Need.PUBLIC or path.endswith("/events"):
            continue
        assert await status(stranger, method, path, made["id"]) == 401, (method, path)
        if needs is not Need.SIGNED_IN:
            expected = 403 if needs is Need.ADMINISTRATOR else 404
            assert await status(grace, method, path, made["id"]) == expected, (method, path)


async def test_what_is_no_identifier_is_not_there(house: House, ada: Caller) -> None:
    for text in ("%00", "x" * 16, "..", "%F0%9F%98%80", "A" * 16, "x" * 5000):
        await ada.get(f"/workspaces/{text}", 404)
        answer = await ada.http.delete(f"/api/v1/me/tokens/{text}")
        assert answer.status_code in (404, 405, 422) and answer.json()["sentence"]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OWNER])
async def test_every_route_against_every_role(house: House, ada: Caller, grace: Caller, role: Role) -> None:
    made = await house.running(ada)
    async with house.hub.write() as transaction:
        transaction.session.add(Grant(workspace_id=made["id"], user_id=grace.me["id"], role=role))
    shown = await grace.get(f"/workspaces/{made['id']}")
    assert shown["role"] == role
    assert set(shown["capabilities"]) == {capability for capability in Capability if allows(role, capability)}
    # Leaving comes last: it takes the role away.
    for method, path, needs in sorted(ROUTES, key=lambda route: route[1].endswith("/leave")):
        if isinstance(needs, Capability) and not path.endswith("/stop") and "files" not in path:
            got = await status(grace, method, path, made["id"])
            assert (got == 403) is not allows(role, needs), (method, path, got)
            assert got != 404, (method, path)
    assert (await ada.get(f"/workspaces/{made['id']}"))["state"] == "running"


async def test_the_strongest_role_applies(house: House, ada: Caller, grace: Caller) -> None:
    made = await house.running(ada)
    async with house.hub.write() as transaction:
        for role in (Role.WATCHER, Role.MEMBER, Role.GUEST):
            transaction.session.add(Grant(workspace_id=made["id"], user_id=grace.me["id"], role=role))
    async with house.hub.database.read() as session:
        assert await role_on(session, grace.me["id"], made["id"]) is Role.MEMBER
        assert await role_on(session, ada.me["id"], made["id"]) is Role.OWNER
        assert await role_on(session, new_id(), made["id"]) is None
        assert await role_on(session, ada.me["id"], new_id()) is None
    assert [w["role"] for w in await grace.get("/workspaces")] == ["member"]


async def test_members(house: House, ada: Caller, grace: Caller) -> None:
    made = await house.running(ada)
    path = f"/workspaces/{made['id']}/members"
    assert (await ada.post(path, {"username": "nobody"}, 404))["sentence"].startswith("Nobody here")
    added = await ada.post(path, {"username": " Grace "}, 201)
    assert (added["user"]["username"], added["role"]) == ("grace", "member")
    assert (await ada.post(path, {"username": "grace"}, 409))["code"] == "taken"
    assert (await ada.post(path, {"username": "ada"}, 409))["code"] == "taken"
    assert [(m["user"]["username"], m["role"]) for m in await grace.get(path)] == [
        ("ada", "owner"),
        ("grace", "member"),
    ]
    await grace.post(path, {"username": "grace"}, 403)
    await grace.post(f"/workspaces/{made['id']}/stop")
    await house.settled(ada, made["id"])
    await ada.delete(f"{path}/{grace.me['id']}", status=204)
    await grace.get(f"/workspaces/{made['id']}", 404)
    assert house.revocations.closings(workspace=made["id"], user=grace.me["id"])[-1] is Closing.REVOKED
    await ada.delete(f"{path}/{grace.me['id']}", status=404)


async def test_leaving(house: House, ada: Caller, grace: Caller) -> None:
    made = await house.running(ada)
    await ada.post(f"/workspaces/{made['id']}/members", {"username": "grace"})
    await grace.post(f"/workspaces/{made['id']}/leave", status=204)
    assert await grace.get("/workspaces") == []
    assert house.revocations.closings(user=grace.me["id"])[-1] is Closing.REVOKED
    assert "cannot leave" in (await ada.post(f"/workspaces/{made['id']}/leave", status=403))["sentence"]


async def test_layouts_are_each_persons_own(house: House, ada: Caller, grace: Caller) -> None:
    made = await house.running(ada)
    await ada.post(f"/workspaces/{made['id']}/members", {"username": "grace"})
    path = f"/workspaces/{made['id']}/layout"
    assert await ada.get(path) is None
    layout: dict[str, Any] = {"panes": [{"open": ["a\0b", "a\ud800", "ü"]}]}
    await ada.call("PUT", path, layout, 204)
    await grace.call("PUT", path, {"panes": []}, 204)
    await ada.call("PUT", path, {**layout, "more": 1}, 204)
    assert json.loads((await ada.http.get(f"/api/v1{path}")).content) == {**layout, "more": 1}
    assert await grace.get(path) == {"panes": []}
    assert (await ada.call("PUT", path, {"x": "y" * 300_000}, 413))["code"] == "too-big"
    await ada.call("PUT", path, [1], 422)
