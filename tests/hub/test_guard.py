"""Around every request: other sites, too much at once, errors in words, headers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from coterie.hub import guard
from coterie.hub.core import Hub
from coterie.hub.guard import LARGEST_BODY
from coterie.hub.identity import cookie_secret
from coterie.hub.origin import origin_allowed
from coterie.hub.settings import Settings
from tests.hub.conftest import ORIGIN, PASSWORD, Caller, House, MakeSettings, cookies


@pytest.fixture
def database_url() -> str:
    """SQLite only: nothing here is about the database."""
    return ""


COOKIE = {"cookie": "coterie_session=x"}
SECURE = {"cookie": "__Host-coterie_session=x"}


@pytest.mark.parametrize(
    ("public_url", "headers", "allowed"),
    [
        ("", {"origin": "http://hub.test", "host": "hub.test"}, True),
        ("", {"origin": "https://hub.test", "host": "hub.test"}, True),
        ("", {"origin": "http://hub.test:8000", "host": "hub.test:8000"}, True),
        ("", {"origin": "http://hub.test:8001", "host": "hub.test:8000"}, False),
        ("", {"origin": "http://8080--abc.hub.test", "host": "hub.test"}, False),
        ("", {"origin": "http://evil.test", "host": "hub.test"}, False),
        ("", {"origin": "null", "host": "hub.test"}, False),
        ("", {"origin": "file://hub.test", "host": "hub.test"}, False),
        ("", {"origin": "", "host": ""}, False),
        ("", {"origin": "http://", "host": ""}, False),
        ("", {"origin": "http://[bad", "host": "[bad"}, False),
        ("", {"host": "hub.test"}, True),
        ("", {"host": "hub.test", "authorization": "Bearer x"}, True),
        ("", {"host": "hub.test", **COOKIE}, False),
        ("", {"host": "hub.test", "authorization": "Bearer x", **COOKIE}, False),
        ("https://hub.test", {"origin": "https://hub.test", "host": "inside:8000"}, True),
        ("https://hub.test", {"origin": "http://hub.test", "host": "hub.test"}, False),
        ("https://hub.test", {"origin": "http://inside:8000", "host": "inside:8000"}, False),
        ("https://hub.test", {"host": "hub.test", **SECURE}, False),
    ],
)
def test_origins(public_url: str, headers: dict[str, str], allowed: bool) -> None:
    assert origin_allowed(headers, Settings(public_url=public_url)) is allowed


async def test_another_site_changes_nothing(house: House, ada: Caller) -> None:
    for origin in ("http://evil.test", "null"):
        refused = await ada.http.post("/api/v1/workspaces", json={"name": "x"}, headers={"origin": origin})
        assert refused.status_code == 403 and refused.json()["code"] == "forbidden"
    del ada.http.headers["origin"]
    assert (await ada.http.post("/api/v1/sign-out")).status_code == 403
    assert await ada.get("/workspaces") == []


async def test_too_much_at_once(house: House, ada: Caller) -> None:
    async def endless() -> AsyncIterator[bytes]:
        sent = 0
        while sent <= 4 * LARGEST_BODY:
            yield b" " * 65536
            sent += 65536

    refused = await ada.call("PATCH", "/me", status=413, content=endless())
    assert refused["code"] == "too-big" and refused["sentence"]


async def test_a_body_that_never_comes(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "BODY_WITHIN", 0.05)

    async def slow() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    answer = await asyncio.wait_for(house.stranger().http.post("/api/v1/sign-in", content=slow()), 30)
    assert answer.status_code == 408 and answer.headers["connection"] == "close"


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 50_000, b"\xff\xfe", b"null", b'{"username": 1}'])
async def test_nonsense_gets_a_sentence(house: House, body: bytes) -> None:
    answer = await house.stranger().http.post(
        "/api/v1/sign-in", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid" and answer.json()["sentence"].endswith(".")


async def test_errors_in_words(house: House, ada: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await ada.get("/nothing", 404))["code"] == "not-found"
    assert (await ada.delete("/workspaces", status=405))["sentence"]

    async def broken(*_: object) -> None:
        raise RuntimeError("the secret is a walnut")

    monkeypatch.setattr(Hub, "authenticate", broken)
    answer = await ada.http.get("/api/v1/me")
    assert answer.status_code == 500 and answer.json()["code"] == "internal"
    assert "walnut" not in answer.text and answer.headers["x-request-id"] in answer.text


async def test_headers(house: House, ada: Caller) -> None:
    answer = await ada.http.get("/api/v1/me")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy and "unsafe-eval" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert len(answer.headers["x-request-id"]) == 16
    assert "strict-transport-security" not in answer.headers


async def test_head_is_get_without_the_body(house: House, ada: Caller) -> None:
    for path in ("/api/v1/me", "/api/v1/openapi.json", "/healthz", "/api/v1/nothing", "/api/v1/users"):
        got, head = await ada.http.get(path), await ada.http.head(path)
        assert head.status_code == got.status_code and not head.content
        assert head.headers["content-length"] == str(len(got.content))
        assert head.headers["content-type"] == got.headers["content-type"]
    async with asyncio.timeout(30):
        assert (await ada.http.head("/api/v1/events")).headers["content-type"].startswith("text/event-stream")
    assert len(house.hub.bus) == 0


async def test_behind_https(make_settings: MakeSettings) -> None:
    async with House(make_settings(public_url="https://hub.test")).open() as house:
        stranger = house.stranger()
        stranger.http.headers["origin"] = "https://hub.test"
        stranger.http.base_url = "https://inside:8000"
        answer = await stranger.http.get("/api/v1/setup")
        assert answer.headers["strict-transport-security"]
        link = await house.setup_link()
        assert link and link.startswith("https://hub.test/setup#")
        body = {"username": "ada", "display_name": "Ada", "password": PASSWORD, "token": link.partition("#")[2]}
        await stranger.post("/setup", body)
        await stranger.get("/me")
        wrong = stranger.http.headers["origin"] = ORIGIN
        refused = await stranger.http.post("/api/v1/sign-out", headers=cookies(stranger))
        assert refused.status_code == 403 and "https://hub.test" in refused.json()["sentence"] and wrong


@pytest.mark.parametrize(
    "header",
    [
        "coterie_session=mine",
        'a="; coterie_session=mine',
        "bad name=[];\x7f=1; coterie_session=mine",
        "coterie_session=mine; =; ;{}",
        "coterie_session=theirs; coterie_session=mine",
        "xcoterie_session=theirs; coterie_session=mine; coterie_sessionx=theirs",
    ],
)
def test_other_cookies_do_not_hide_the_hubs(header: str) -> None:
    assert cookie_secret({"cookie": header}, secure=False) == "mine"
    assert cookie_secret({"cookie": header}, secure=True) is None
