from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from coterie.hub.gate import bounds
from coterie.hub.gate.bounds import LARGEST_HEAD, BoundedHttp


async def hello(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


@pytest.fixture
async def port() -> AsyncIterator[int]:
    config = uvicorn.Config(hello, http=BoundedHttp, lifespan="off", log_config=None, timeout_keep_alive=60)
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: BoundedHttp(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    async with server:
        yield server.sockets[0].getsockname()[1]


async def cut_off(port: int, beginning: bytes) -> None:
    """Send no more of a head than this, and wait until the server has had enough."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(beginning)
    async with asyncio.timeout(30):
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
    writer.close()


@pytest.mark.parametrize("beginning", [b"", b"GET / HTTP/1.1\r\nhost: here\r\nx-slow: "])
async def test_slow_heads_are_cut_off(port: int, beginning: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "HEAD_WITHIN", 0.05)
    await cut_off(port, beginning)


async def test_large_heads_are_refused(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nhost: here\r\nx-large: " + b"x" * (LARGEST_HEAD + 1))
    async with asyncio.timeout(30):
        assert (await reader.readline()).startswith(b"HTTP/1.1 431")
    writer.close()


async def test_a_request_after_a_pause_has_its_own_time(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "HEAD_WITHIN", 0.05)
    request = b"GET / HTTP/1.1\r\nhost: here\r\n\r\n"
    # It is all there before the server looks, however slow this machine is.
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(request)
    reader, writer = await asyncio.open_connection(sock=client)
    async with asyncio.timeout(30):
        assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200")
        await cut_off(port, b"")  # which takes longer than a head may take
        writer.write(request)
        assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200")
    writer.close()
