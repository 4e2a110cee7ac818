"""The web app is served compressed, cached for ever where its name says so, and at all of its addresses."""

from __future__ import annotations

import gzip
from pathlib import Path

import httpx
import pytest
import zstandard
from fastapi import FastAPI

from coterie.hub.app import bare_app
from coterie.hub.pages import Pages

SCRIPT = b"console.log('hello');\n" * 200


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    static = tmp_path / "static"
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_bytes(b"<!doctype html><title>Coterie</title>" + b" " * 600)
    (static / "assets" / "app-1a2b.js").write_bytes(SCRIPT)
    (static / "assets" / "built-1a2b.js").write_bytes(SCRIPT)
    (static / "assets" / "built-1a2b.js.gz").write_bytes(gzip.compress(b"by the build"))
    (static / "assets" / "font.woff2").write_bytes(b"\0" * 1000)
    (tmp_path / "secret").write_text("secret")
    (static / "link").symlink_to(tmp_path / "secret")
    application = bare_app()
    application.state.pages = Pages(static)
    return application


async def get(app: FastAPI, path: str, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub.test") as client:
        client.headers["accept-encoding"] = "identity"
        return await client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize("path", ["/", "/sign-in", "/setup", "/w/abc", "/account", "/index.html", "/no/such/page"])
async def test_every_address_of_the_app_is_the_page(app: FastAPI, path: str) -> None:
    answer = await get(app, path)
    assert answer.status_code == 200 and "<title>Coterie" in answer.text
    assert answer.headers["cache-control"] == "no-cache" and answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    "path", ["/assets/gone-1a2b.js", "/favicon.ico", "/api/v1/nothing", "/api/nothing", "/link", "/..%2fsecret", "/a.b"]
)
async def test_what_is_not_there_is_not_the_page(app: FastAPI, path: str) -> None:
    answer = await get(app, path)
    assert "secret" not in answer.text
    assert answer.status_code == 404 or "<title>Coterie" in answer.text


async def test_assets(app: FastAPI) -> None:
    plain = await get(app, "/assets/app-1a2b.js")
    assert plain.content == SCRIPT and "immutable" in plain.headers["cache-control"]
    for encoding in ("gzip", "zstd", "gzip, zstd;q=0.9"):
        answer = await get(app, "/assets/app-1a2b.js", accept_encoding=encoding)
        assert answer.content == SCRIPT and answer.headers["vary"] == "accept-encoding"
        assert int(answer.headers["content-length"]) < len(SCRIPT) / 5
    assert answer.headers["content-encoding"] == "zstd"
    assert zstandard  # httpx decodes it with this
    assert (await get(app, "/assets/font.woff2", accept_encoding="gzip")).headers.get("content-encoding") is None


async def test_what_the_build_compressed_is_used(app: FastAPI) -> None:
    answer = await get(app, "/assets/built-1a2b.js", accept_encoding="gzip")
    assert answer.text == "by the build"


async def test_unchanged_pages_are_not_sent_again(app: FastAPI) -> None:
    first = await get(app, "/", accept_encoding="gzip")
    again = await get(app, "/", accept_encoding="gzip", if_none_match=first.headers["etag"])
    assert again.status_code == 304 and not again.content
    assert (await get(app, "/", accept_encoding="identity", if_none_match=first.headers["etag"])).status_code == 200


async def test_without_a_build_there_is_a_sentence(app: FastAPI, tmp_path: Path) -> None:
    app.state.pages = Pages(tmp_path / "none")
    answer = await get(app, "/")
    assert answer.status_code == 503 and "not built" in answer.json()["sentence"]
