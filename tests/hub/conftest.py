"""A hub in the test's own process, over SQLite and over a real PostgreSQL, and people who use it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from coterie.hub.actions.accounts import make_setup_link
from coterie.hub.app import create_app
from coterie.hub.core import Hub
from coterie.hub.settings import Settings
from tests.support.machines import Machines, Revocations
from tests.support.postgres import Postgres, binaries

PASSWORD = "correct horse battery staple"
ORIGIN = "http://hub.test"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    programs = binaries()
    if programs is None:
        pytest.skip("PostgreSQL's server programs are not installed")
    server = Postgres(programs)
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """The setting for an empty database: empty for SQLite, which lies in the data directory."""
    return "" if request.param == "sqlite" else request.getfixturevalue("postgres").fresh()


class Caller:
    """Somebody with a browser, or with a token. `call` returns the answer's JSON and expects the status."""

    def __init__(self, app: FastAPI, address: str = "192.0.2.1") -> None:
        transport = httpx.ASGITransport(app, client=(address, 50000))
        self.http = httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"origin": ORIGIN})
        self.me: dict[str, Any] = {}

    async def call(self, method: str, path: str, body: Any = None, status: int | None = None, **options: Any) -> Any:
        if body is not None:
            # Not httpx's own encoding, which refuses what a hostile client would send.
            options |= {"content": json.dumps(body), "headers": {"content-type": "application/json"}}
        answer = await self.http.request(method, f"/api/v1{path}", **options)
        if status is None:
            assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        else:
            assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        kind = answer.headers.get("content-type", "")
        return answer.json() if kind == "application/json" and answer.content else answer.text

    async def get(self, path: str, status: int | None = None, **options: Any) -> Any:
        return await self.call("GET", path, status=status, **options)

    async def post(self, path: str, body: Any = None, status: int | None = None, **options: Any) -> Any:
        return await self.call("POST", path, body, status, **options)

    async def delete(self, path: str, body: Any = None, status: int | None = None) -> Any:
        return await self.call("DELETE", path, body, status)

    async def workspace(self, name: str = "Engine", **body: Any) -> dict[str, Any]:
        """Make a workspace; it may still be starting."""
        made: dict[str, Any] = await self.post("/workspaces", {"name": name, **body}, 201)
        return made


class House:
    """A running hub and what stands around it."""

    def __init__(self, settings: Settings, machines: Machines | None = None) -> None:
        self.settings = settings
        self.machines = machines or Machines(settings.workspaces)
        self.revocations = Revocations()
        self.app = create_app(settings, self.machines, self.revocations)
        self.hub: Hub = self.app.state.hub
        self._callers: list[Caller] = []

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[House]:
        async with self.app.router.lifespan_context(self.app):
            yield self
            for caller in self._callers:
                await caller.http.aclose()

    def stranger(self, address: str = "192.0.2.1") -> Caller:
        """Somebody who is not signed in."""
        caller = Caller(self.app, address)
        self._callers.append(caller)
        return caller

    async def setup_link(self) -> str | None:
        """The link for the first administrator."""
        return await make_setup_link(self.hub.transactions, self.hub.settings.address)

    async def administrator(self, username: str = "ada", display_name: str = "Ada Lovelace") -> Caller:
        """The first administrator, signed in."""
        link = await self.setup_link()
        assert link
        caller = self.stranger()
        caller.me = await caller.post("/setup", _account(username, display_name, token=link.partition("#")[2]))
        return caller

    async def person(self, by: Caller, username: str, display_name: str = "") -> Caller:
        """Somebody whom an administrator invited, signed in."""
        invitation = await by.post("/invitations", {})
        caller = self.stranger()
        body = _account(username, display_name or username.capitalize(), token=invitation["token"])
        caller.me = await caller.post("/register", body)
        return caller

    async def settled(self, caller: Caller, workspace: str) -> dict[str, Any]:
        """The workspace once nothing works on it any more."""
        await self.hub.lifecycle.settled(workspace)
        shown: dict[str, Any] = await caller.get(f"/workspaces/{workspace}")
        return shown

    async def running(self, caller: Caller, name: str = "Engine", **body: Any) -> dict[str, Any]:
        """A workspace that runs."""
        made = await caller.workspace(name, **body)
        shown = await self.settled(caller, made["id"])
        assert shown["state"] == "running", shown
        return shown

    async def until(self, caller: Caller, workspace: str, state: str) -> dict[str, Any]:
        """The workspace once it is in this state."""
        async with asyncio.timeout(30):
            with self.hub.bus.subscribe(await self.hub.authenticate(cookies(caller))) as subscription:
                while True:
                    subscription.wake.clear()
                    shown: dict[str, Any] = await caller.get(f"/workspaces/{workspace}")
                    if shown["state"] == state:
                        return shown
                    await subscription.wake.wait()


def cookies(caller: Caller) -> dict[str, str]:
    """The headers by which the hub knows this caller."""
    return {"cookie": "; ".join(f"{name}={value}" for name, value in caller.http.cookies.items())}


def _account(username: str, display_name: str, **more: str) -> dict[str, str]:
    return {"username": username, "display_name": display_name, "password": PASSWORD, **more}


MakeSettings = Callable[..., Settings]


@pytest.fixture
def make_settings(tmp_path: Path, database_url: str) -> MakeSettings:
    def make(**options: Any) -> Settings:
        return Settings(**{"data": tmp_path / "data", "database_url": database_url, **options})

    return make


@pytest.fixture
async def house(make_settings: MakeSettings) -> AsyncIterator[House]:
    async with House(make_settings()).open() as opened:
        yield opened


@pytest.fixture
async def ada(house: House) -> Caller:
    """The administrator."""
    return await house.administrator()


@pytest.fixture
async def grace(house: House, ada: Caller) -> Caller:
    """Somebody else."""
    return await house.person(ada, "grace", "Grace Hopper")
