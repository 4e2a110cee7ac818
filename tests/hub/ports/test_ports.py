"""Web ports through a real hub and machine: opened by who may, on their own origin, never with the hub's cookies."""

from __future__ import annotations

import asyncio
import contextlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from coterie.wire.messages.ports import PortsChanged
from coterie.wire.messages.terminals import TerminalAttach, TerminalInput, TerminalOpen
from tests.support.hub import BY_NEWS_ALONE, Account, RunningHub
from tests.support.socket import WorkspaceSocket


class Place:
    """A running workspace in which a program listens on port 8123."""

    def __init__(self, hub: RunningHub, owner: Account, workspace: str) -> None:
        self.hub = hub
        self.owner = owner
        self.workspace = workspace
        self.host = f"8123--{workspace}.localhost:{hub.port}"
        self.origin = f"http://{self.host}"
        self.clients: list[httpx.Client] = []

    def visitor(self, port: int = 8123, **cookies: str) -> httpx.Client:
        """A browser on a port's origin, which connects to the hub without resolving the name."""
        host = self.host.replace("8123--", f"{port}--", 1)
        client = httpx.Client(base_url=self.hub.address, headers={"host": host}, timeout=30)
        self.clients.append(client)
        client.headers["cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        return client

    def code(self, account: Account, port: int = 8123) -> str:
        answer = account.http.get(f"/api/v1/workspaces/{self.workspace}/ports/{port}/open?to=/page?x=1")
        assert answer.status_code == 303, answer.text
        origin = self.origin.replace("8123--", f"{port}--", 1)
        assert answer.headers["location"].startswith(f"{origin}/.coterie/enter?code=")
        return answer.headers["location"].removeprefix(origin)

    def cookie(self, account: Account, port: int = 8123) -> str:
        answer = self.visitor(port).get(self.code(account, port))
        assert answer.status_code == 303
        assert answer.headers["location"] == "/page?x=1"
        return answer.cookies["coterie_port"]


async def listen(socket: WorkspaceSocket) -> None:
    terminal = (await socket.succeed(TerminalOpen(0))).terminal
    await socket.succeed(TerminalAttach(0, terminal))
    socket.send(TerminalInput(terminal, b"python3 program.py\r"))
    changed = await socket.wait(PortsChanged, lambda message: any(port.port == 8123 for port in message.ports))
    assert [port.process for port in changed.ports if port.port == 8123] == ["python3 program.py"]


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="cot-") as folder, contextlib.ExitStack() as ending:
        hub = RunningHub(Path(folder))
        hub.prelude = BY_NEWS_ALONE
        ending.callback(hub.close)
        hub.start()
        owner = hub.set_up()
        workspace = owner.post("/workspaces", {"name": "ports", "source": {"kind": "blank"}})["id"]
        owner.until(workspace, "running")

        owner.http.put(
            f"/api/v1/workspaces/{workspace}/files/program.py",
            content=Path(__file__).with_name("program.py").read_bytes(),
        ).raise_for_status()

        async def begin() -> None:
            socket = await owner.open(workspace)
            await listen(socket)
            socket.close()
            await socket.wait_closed()

        asyncio.run(begin())
        place = Place(hub, owner, workspace)
        yield place
        for client in place.clients:
            client.close()


def seen(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    told["headers"] = {name.lower(): value for name, value in told["headers"]}
    return told


def test_a_port_is_opened_through_the_hub(place: Place) -> None:
    cookie = place.cookie(place.owner)
    told = seen(place.visitor(coterie_port=cookie).get("/deep/path?q=a%20b&q=c"))
    assert (told["method"], told["path"]) == ("GET", "/deep/path?q=a%20b&q=c")
    assert told["headers"]["host"] == "localhost:8123"
    assert told["headers"]["x-forwarded-host"] == place.host


def test_bodies_travel_both_ways(place: Place) -> None:
    client = place.visitor(coterie_port=place.cookie(place.owner))
    assert seen(client.post("/", content="x" * 3_000_000))["body"] == "x" * 3_000_000
    assert client.head("/").content == b""


def test_the_program_never_sees_the_hubs_cookies_or_tokens(place: Place) -> None:
    session = place.owner.http.cookies["coterie_session"]
    token = place.owner.post("/me/tokens", {"name": "t"})
    client = place.visitor(
        8123,
        coterie_port=place.cookie(place.owner),
        coterie_session=session,
        theirs="kept",
        **{"__Host-coterie_session": "x"},
    )
    headers = {"authorization": f"Bearer {token['token']}", "coterie-ticket": "forged", "connection": "x-secret"}
    answer = client.get("/", headers=headers)
    told = seen(answer)
    assert told["headers"]["cookie"] == "theirs=kept"
    assert "authorization" not in told["headers"]
    assert "coterie-ticket" not in told["headers"]
    for secret in (session, token["token"], place.owner.http.cookies["coterie_session"]):
        assert secret not in answer.text


def test_the_program_cannot_set_the_hubs_cookies(place: Place) -> None:
    answer = place.visitor(coterie_port=place.cookie(place.owner)).get("/")
    assert answer.headers.get_list("set-cookie") == ["mine=1; Path=/"]
    assert "clear-site-data" not in answer.headers, "which would end the hub's logins"


def test_the_hubs_cookie_opens_nothing_on_a_ports_origin(place: Place) -> None:
    session = place.owner.http.cookies["coterie_session"]
    assert place.visitor(coterie_session=session).get("/").status_code == 401
    answer = place.visitor(coterie_session=session).get("/a?b=c", headers={"accept": "text/html"})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{place.hub.address}/open/{place.workspace}/8123#%2Fa%3Fb%3Dc"


def test_the_hub_itself_is_never_served_on_a_ports_origin(place: Place) -> None:
    session = place.owner.http.cookies["coterie_session"]
    for path in ("/api/v1/me", "/healthz", "/w/x", "/sign-in"):
        answer = place.visitor(coterie_session=session).get(path)
        assert answer.status_code == 401
        told = seen(place.visitor(coterie_session=session, coterie_port=place.cookie(place.owner)).get(path))
        assert told["path"] == path


def test_a_code_is_good_once_and_for_one_port(place: Place) -> None:
    code = place.code(place.owner)
    other = code.replace("8123", "8124")
    assert place.visitor(8124).get(other).status_code == 410
    assert place.visitor().get(code).status_code == 303
    assert place.visitor().get(code).status_code == 410


def test_a_cookie_is_good_for_one_port(place: Place) -> None:
    cookie = place.cookie(place.owner)
    assert place.visitor(8124, coterie_port=cookie).get("/").status_code == 401


@pytest.mark.parametrize(
    "to", ["//evil.example", "/\\evil.example", "https://evil.example", "/\r\nset-cookie: a=b", ""]
)
def test_nobody_is_sent_elsewhere(place: Place, to: str) -> None:
    answer = place.owner.http.get(f"/api/v1/workspaces/{place.workspace}/ports/8123/open", params={"to": to})
    answer = place.visitor().get(answer.headers["location"].removeprefix(place.origin))
    assert answer.headers["location"] == "/"


def test_who_may_not_open_ports_is_refused_at_once(place: Place) -> None:
    bob = place.owner.invite("bob", "Bob")
    assert bob.http.get(f"/api/v1/workspaces/{place.workspace}/ports/8123/open").status_code == 404
    place.owner.post(f"/workspaces/{place.workspace}/members", {"username": "bob"})
    cookie = place.cookie(bob)
    assert place.visitor(coterie_port=cookie).get("/").status_code == 200
    members = place.owner.get(f"/workspaces/{place.workspace}/members")
    user = next(member for member in members if member["user"]["username"] == "bob")
    place.owner.http.delete(f"/api/v1/workspaces/{place.workspace}/members/{user['user']['id']}").raise_for_status()
    assert place.visitor(coterie_port=cookie).get("/").status_code == 404


def test_signing_out_ends_it(place: Place) -> None:
    carol = place.owner.invite("carol", "Carol")
    place.owner.post(f"/workspaces/{place.workspace}/members", {"username": "carol"})
    cookie = place.cookie(carol)
    assert place.visitor(coterie_port=cookie).get("/").status_code == 200
    carol.post("/sign-out")
    assert place.visitor(coterie_port=cookie).get("/").status_code == 401


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://9--abcdefghijkmnpqr.localhost"])
def test_pages_from_elsewhere_cannot_act(place: Place, origin: str) -> None:
    client = place.visitor(coterie_port=place.cookie(place.owner))
    assert client.post("/", headers={"origin": origin}).status_code == 403
    assert client.post("/", headers={"origin": place.origin.replace("8123", "9000")}).status_code == 200
    assert seen(client.post("/", headers={"origin": place.origin}))["headers"]["origin"] == "http://localhost:8123"


@pytest.mark.parametrize("mode", ["no-cors", "cors"])
def test_pages_from_elsewhere_cannot_read(place: Place, mode: str) -> None:
    client = place.visitor(coterie_port=place.cookie(place.owner))
    foreign = "http://9--abcdefghijkmnpqr.localhost"
    fetch = {"sec-fetch-site": "same-site", "sec-fetch-mode": mode}
    assert client.get("/", headers=fetch).status_code == 403
    assert client.get("/", headers={**fetch, "referer": f"{foreign}/page"}).status_code == 403
    assert client.get("/", headers={**fetch, "origin": foreign}).status_code == 403
    sibling = place.origin.replace("8123", "9000")
    assert client.get("/", headers={**fetch, "referer": f"{sibling}/page"}).status_code == 200
    assert client.get("/", headers={"sec-fetch-site": "same-site", "sec-fetch-mode": "navigate"}).status_code == 200
    assert client.get("/", headers={"sec-fetch-site": "same-origin", "sec-fetch-mode": mode}).status_code == 200


def test_a_port_where_nothing_listens_is_a_sentence(place: Place) -> None:
    refused = place.visitor(9, coterie_port=place.cookie(place.owner, 9)).get("/")
    assert refused.status_code == 404
    assert "Nothing answers on port 9." in refused.text


def test_the_hubs_own_port_is_not_reached(place: Place) -> None:
    port = place.hub.port
    assert place.visitor(port, coterie_port=place.cookie(place.owner, port)).get("/healthz").status_code == 404


class _Heard(WSListener):
    def __init__(self) -> None:
        self.texts: asyncio.Queue[bytes] = asyncio.Queue()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        self.texts.put_nowait(frame.get_payload_as_bytes())

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.texts.put_nowait(b"<lost>")


async def socket_to(place: Place, cookie: str, origin: str, token: str = "coterie_x") -> tuple[WSTransport, _Heard]:
    heard = _Heard()
    transport, _ = await ws_connect(
        lambda: heard,
        f"ws://127.0.0.1:{place.hub.port}/socket",
        extra_headers={
            "Host": place.host,
            "Origin": origin,
            "Cookie": f"coterie_port={cookie}; coterie_session=x; __Host-coterie_session=y; a=b",
            "Authorization": f"Bearer {token}",
            "Proxy-Authorization": "Basic x",
            "Coterie-Ticket": "forged",
        },
    )
    return transport, heard


async def test_web_sockets_are_carried_and_cut_when_the_right_is_gone(place: Place) -> None:
    dan = place.owner.invite("dan", "Dan")
    place.owner.post(f"/workspaces/{place.workspace}/members", {"username": "dan"})
    transport, heard = await socket_to(
        place, place.cookie(dan), place.origin, token=dan.post("/me/tokens", {"name": "t"})["token"]
    )
    async with asyncio.timeout(30):
        told = json.loads(await heard.texts.get())
        assert told["cookie"] == "a=b"
        assert not {"authorization", "proxy-authorization", "coterie-ticket"} & told.keys()
        transport.send(WSMsgType.TEXT, b"hello")
        assert await heard.texts.get() == b"HELLO"
        members = place.owner.get(f"/workspaces/{place.workspace}/members")
        user = next(member for member in members if member["user"]["username"] == "dan")
        place.owner.http.delete(f"/api/v1/workspaces/{place.workspace}/members/{user['user']['id']}").raise_for_status()
        assert await heard.texts.get() == b"<lost>"
    transport.disconnect()


async def test_a_foreign_page_opens_no_socket(place: Place) -> None:
    cookie = place.cookie(place.owner)
    for origin in ("https://evil.example", "null"):
        with pytest.raises(Exception, match=r"403|upgrade|status|[Hh]andshake"):
            await socket_to(place, cookie, origin)


async def test_a_socket_that_the_program_refuses_is_closed(place: Place) -> None:
    """A proxy in front of the hub would send other people's requests over a connection that stays open."""
    reader, writer = await asyncio.open_connection("127.0.0.1", place.hub.port)
    head = f"GET /no-socket HTTP/1.1\r\nHost: {place.host}\r\nOrigin: {place.origin}\r\n"
    head += f"Cookie: coterie_port={place.cookie(place.owner)}\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
    head += "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    try:
        async with asyncio.timeout(30):
            writer.write(head.encode())
            answer = await reader.readuntil(b"\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 502 ")
            assert b"connection: close" in answer
            writer.write(b"GET /next HTTP/1.1\r\nHost: x\r\nCookie: coterie_session=somebody-elses\r\n\r\n")
            assert await reader.read() == b""
    except ConnectionError:
        pass
    finally:
        writer.close()
