from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from coterie.wire.closing import Closing
from coterie.wire.ids import new_id
from coterie.wire.messages.connection import Failed, PeopleChanged, Ping, Pong
from coterie.wire.messages.files import FileCreate, FileList, FileListing
from tests.hub.gate.conftest import Scene
from tests.support.socket import Closed, WorkspaceSocket
from tests.support.waiting import eventually


def handshake(scene: Scene, path: str, **headers: str) -> bytes:
    """The status line that a WebSocket handshake with these headers is answered with."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"host: 127.0.0.1:{scene.hub.port}",
        "connection: keep-alive, Upgrade",
        "upgrade: websocket",
        "sec-websocket-version: 13",
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
    ]
    with socket.create_connection(("127.0.0.1", scene.hub.port), timeout=30) as client:
        answer = b""
        # An answer that comes before all was read resets the connection.
        with contextlib.suppress(ConnectionError):
            client.sendall("\r\n".join([*lines, "", ""]).encode())
        with contextlib.suppress(ConnectionError):
            while not answer.startswith(b"HTTP/1.1 101") and (data := client.recv(65536)):
                answer += data
    return answer.split(b"\r\n")[0]


def cookie(account: httpx.Client) -> str:
    return "; ".join(f"{name}={value}" for name, value in account.cookies.items())


async def test_two_people_meet_through_the_gate(scene: Scene) -> None:
    ada = await scene.ada.open(scene.workspace)
    bob = await scene.bob.open(scene.workspace)
    await ada.wait(PeopleChanged, lambda m: any(person.username == "bob" and person.here for person in m.changed))
    await ada.succeed(FileCreate(0, "from-ada"))
    listing = await bob.succeed(FileList(0, ""))
    assert isinstance(listing, FileListing)
    assert "from-ada" in [entry.name for entry in listing.entries]
    ada.close()
    bob.close()


async def test_browsers_that_send_a_list_in_connection_are_let_through(scene: Scene) -> None:
    answer = await asyncio.to_thread(
        handshake, scene, f"/w/{scene.workspace}", origin=scene.hub.address, cookie=cookie(scene.ada.http)
    )
    assert answer == b"HTTP/1.1 101 Switching Protocols"


async def test_a_page_of_another_origin_gets_nothing(scene: Scene) -> None:
    for origin in ("http://evil.example", "null", f"http://localhost:{scene.hub.port}"):
        answer = await asyncio.to_thread(
            handshake, scene, f"/w/{scene.workspace}", origin=origin, cookie=cookie(scene.ada.http)
        )
        assert answer == b"HTTP/1.1 403 Forbidden"
    without = await asyncio.to_thread(handshake, scene, f"/w/{scene.workspace}", cookie=cookie(scene.ada.http))
    assert without == b"HTTP/1.1 403 Forbidden"


async def test_what_is_no_workspace_address_is_a_bad_request(scene: Scene) -> None:
    answer = await asyncio.to_thread(handshake, scene, "/w/x", origin=scene.hub.address)
    assert answer == b"HTTP/1.1 400 Bad Request"


async def test_heads_have_a_largest_size(scene: Scene) -> None:
    answer = await asyncio.to_thread(handshake, scene, "/w/x", large="x" * 100_000)
    assert answer.startswith(b"HTTP/1.1 4")


async def test_refusals_are_close_codes_with_a_sentence(scene: Scene) -> None:
    url = f"ws://127.0.0.1:{scene.hub.port}/w/"
    own = {"Origin": scene.hub.address, "Cookie": cookie(scene.bob.http)}
    private = scene.ada.post("/workspaces", {"name": "private", "source": {"kind": "blank"}})["id"]
    cases = [
        (scene.workspace, {"Origin": scene.hub.address}, Closing.SIGNED_OUT),
        (scene.workspace, {"Authorization": "Bearer coterie_nonsense"}, Closing.SIGNED_OUT),
        (new_id(), own, Closing.NOT_FOUND),
        (private, own, Closing.NOT_FOUND),
    ]
    for workspace, headers, closing in cases:
        with pytest.raises(Closed) as caught:
            await WorkspaceSocket.open(url + workspace, headers)
        assert (caught.value.code, caught.value.reason) == (closing, closing.sentence)


async def test_a_workspace_that_does_not_run_is_not_opened(scene: Scene) -> None:
    other = scene.ada.post("/workspaces", {"name": "resting", "source": {"kind": "blank"}})["id"]
    await asyncio.to_thread(scene.ada.until, other, "running")
    page = await scene.ada.open(other)
    scene.ada.post(f"/workspaces/{other}/stop")
    assert (await page.wait_closed()).code == Closing.STOPPING
    with pytest.raises(Closed) as caught:
        await scene.ada.open(other)
    assert caught.value.code == Closing.NOT_RUNNING


async def test_a_ticket_that_the_client_brings_is_not_looked_at(scene: Scene) -> None:
    url = f"ws://127.0.0.1:{scene.hub.port}/w/{scene.workspace}"
    forged = {"coterie-ticket": "forged.forged"}
    headers = {"Origin": scene.hub.address, "Cookie": cookie(scene.bob.http), **forged}
    page = await WorkspaceSocket.open(url, headers)
    assert {p.username for p in page.welcome.people if p.connection == page.welcome.connection} == {"bob"}
    page.close()
    with pytest.raises(Closed) as caught:
        await WorkspaceSocket.open(url, forged)
    assert caught.value.code == Closing.SIGNED_OUT


async def test_who_is_removed_is_out_and_types_nothing_more(scene: Scene) -> None:
    scene.add_bob()
    ada = await scene.ada.open(scene.workspace)
    bob = await scene.bob.open(scene.workspace)
    await asyncio.to_thread(scene.remove_bob)
    bob.send(FileCreate(1, "after-removal"))
    assert (await bob.wait_closed()).code == Closing.REVOKED
    listing = await ada.succeed(FileList(0, ""))
    assert "after-removal" not in [entry.name for entry in listing.entries]
    with pytest.raises(Closed) as caught:
        await scene.bob.open(scene.workspace)
    assert caught.value.code == Closing.NOT_FOUND
    scene.add_bob()
    ada.close()


async def test_an_upload_is_cut_when_access_ends(scene: Scene) -> None:
    files = scene.hub.data / "workspaces" / scene.workspace / "files"
    before = set(files.iterdir())
    go_on = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        while True:
            yield bytes(1 << 16)
            await go_on.wait()

    async with httpx.AsyncClient(
        base_url=scene.hub.address, headers={"origin": scene.hub.address, "cookie": cookie(scene.bob.http)}
    ) as http:
        upload = asyncio.create_task(
            http.put(f"/api/v1/workspaces/{scene.workspace}/files/endless", content=body(), timeout=30)
        )
        await eventually(lambda: set(files.iterdir()) - before)
        await asyncio.to_thread(scene.remove_bob)
        go_on.set()
        try:
            answer = await upload
        except httpx.TransportError:
            pass
        else:
            assert answer.status_code == 403
    # Nothing of it is left, were it under another name.
    await eventually(lambda: set(files.iterdir()) == before)
    scene.add_bob()


async def test_signing_out_everywhere_closes_what_is_open(scene: Scene) -> None:
    bob = await scene.bob.open(scene.workspace)
    scene.bob.post("/sign-out-everywhere")
    assert (await bob.wait_closed()).code == Closing.SIGNED_OUT
    scene.bob.sign_in()


async def test_connections_outlive_the_hub_and_stay_revocable(scene: Scene) -> None:
    ada = await scene.ada.open(scene.workspace)
    bob = await scene.bob.open(scene.workspace)
    scene.hub.kill()
    await ada.succeed(FileCreate(0, "while-no-hub-runs"))
    bob.send(Ping(5))
    await bob.wait(Pong, lambda pong: pong.number == 5)
    await asyncio.to_thread(scene.hub.start)
    again = await scene.ada.open(scene.workspace)
    assert again.welcome.server == ada.welcome.server
    await asyncio.to_thread(scene.remove_bob)
    assert (await bob.wait_closed()).code == Closing.REVOKED
    assert not isinstance(await ada.request(FileList(0, "")), Failed)
    scene.add_bob()
    ada.close()
    again.close()


async def test_what_ended_while_no_hub_ran_is_closed_by_the_next_one(scene: Scene) -> None:
    bob = await scene.bob.open(scene.workspace)
    user = scene.bob.get("/me")["id"]
    scene.hub.kill()
    with sqlite3.connect(scene.hub.data / "coterie.db") as database:
        database.execute("DELETE FROM grants WHERE user_id = ?", (user,))
    database.close()
    await asyncio.to_thread(scene.hub.start)
    assert (await bob.wait_closed()).code == Closing.REVOKED
    scene.add_bob()


async def test_a_socket_does_not_outlive_its_login(scene: Scene) -> None:
    ada = await scene.ada.open(scene.workspace)
    bob = await scene.bob.open(scene.workspace)
    user = scene.bob.get("/me")["id"]
    scene.hub.kill()
    with sqlite3.connect(scene.hub.data / "coterie.db") as database:
        soon = datetime.now(UTC) + timedelta(seconds=4)
        written = soon.strftime("%Y-%m-%d %H:%M:%S.%f")
        database.execute("UPDATE logins SET expires = ? WHERE user_id = ?", (written, user))
    database.close()
    await asyncio.to_thread(scene.hub.start)
    assert (await bob.wait_closed()).code == Closing.SIGNED_OUT
    assert datetime.now(UTC) >= soon
    assert not isinstance(await ada.request(FileList(0, "")), Failed)
    ada.close()
    scene.bob.sign_in()


async def test_clients_hear_at_once_that_the_workspace_server_died(scene: Scene) -> None:
    ada = await scene.ada.open(scene.workspace)
    os.kill(scene.server, signal.SIGKILL)
    assert (await ada.wait_closed()).code == 1006

    async def back() -> WorkspaceSocket | None:
        with contextlib.suppress(Closed):
            return await scene.ada.open(scene.workspace)
        return None

    page: WorkspaceSocket = await eventually(back)
    assert page.welcome.server != ada.welcome.server
    page.close()
