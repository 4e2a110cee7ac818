"""The hub is not sent to itself, its link or its provider."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from coterie.hub.sources import addresses
from coterie.hub.sources.addresses import is_local, is_own, resolve
from coterie.hub.sources.git import clone
from coterie.wire.errors import CoterieError, ErrorCode


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",
        "0.1.2.3",
        "169.254.169.254",
        "169.254.1.1",
        "224.0.0.1",
        "100.100.100.200",
        "168.63.129.16",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "ff02::1",
        "fd00:ec2::254",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)
def test_local(address: str) -> None:
    assert is_local(address)


@pytest.mark.parametrize("address", ["192.0.2.1", "10.1.2.3", "192.168.1.20", "2001:db8::1", "64:ff9b::c000:201"])
def test_elsewhere(address: str) -> None:
    assert not is_local(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "::1", "0"])
async def test_every_spelling_of_this_machine_is_refused(host: str) -> None:
    with pytest.raises(CoterieError) as refused:
        await resolve(host, 80, allow_local=False)
    assert refused.value.code == ErrorCode.GIT_UNREACHABLE


def test_an_address_of_this_machines_own_is_told_from_others() -> None:
    assert is_own("127.0.0.1")
    assert not is_own("192.0.2.1") and not is_own("2001:db8::1")


async def test_this_machines_own_address_on_the_network_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answers(host: str, port: int, **_: Any) -> list[Any]:
        return [(0, 0, 0, "", ("192.168.1.20", port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", answers)
    assert await resolve("git.test", 80, allow_local=False) == ["192.168.1.20"]
    monkeypatch.setattr(addresses, "is_own", lambda address: address == "192.168.1.20")
    with pytest.raises(CoterieError):
        await resolve("git.test", 80, allow_local=False)


async def test_a_name_with_one_local_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answers(host: str, port: int, **_: Any) -> list[Any]:
        return [(0, 0, 0, "", ("192.0.2.1", port)), (0, 0, 0, "", ("127.0.0.1", port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", answers)
    with pytest.raises(CoterieError, match="the server itself"):
        await resolve("rebinding.example", 80, allow_local=False)


async def test_a_clone_is_not_sent_to_this_machine(tmp_path: Path) -> None:
    with pytest.raises(CoterieError, match="the server itself"):
        await clone("http://127.0.0.1:1/x.git", None, tmp_path, print, allow_local=False)
