"""Bad input through the API: a sentence that a person can act on, and nothing of what was there is lost."""

from __future__ import annotations

import asyncio
import io
import os
import tarfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from coterie.hub.settings import Settings
from tests.hub.conftest import Caller, House
from tests.support.git_server import GitServer
from tests.support.hub import free_port

LIMIT = 1 << 20


@pytest.fixture
def database_url() -> str:
    """SQLite only: nothing here is about the database."""
    return ""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    settings = Settings(data=tmp_path / "data", git_allow_local=True, archive_unpacked=LIMIT, archive_files=100)
    async with House(settings).open() as opened:
        yield opened


async def test_an_unreachable_git_address(house: House, ada: Caller) -> None:
    url = f"http://127.0.0.1:{free_port()}/engine.git"
    made = await ada.workspace("Engine", source={"kind": "git", "url": url})
    failed = await house.settled(ada, made["id"])
    assert failed["state"] == "failed" and "127.0.0.1" in failed["reason"] and failed["reason"].endswith(".")
    assert failed["reason"] in await ada.get(f"/workspaces/{made['id']}/log")
    # It is still there to be tried again or deleted.
    await ada.post(f"/workspaces/{made['id']}/start")
    assert (await house.settled(ada, made["id"]))["reason"] == failed["reason"]
    await ada.delete(f"/workspaces/{made['id']}", {"confirm": "Engine"}, 204)


async def test_a_private_git_address_that_is_opened_later(house: House, ada: Caller, tmp_path: Path) -> None:
    with GitServer(tmp_path) as server:
        await asyncio.to_thread(server.add, "secret", {"README": "hello"}, private=True)
        made = await ada.workspace("Secret", source={"kind": "git", "url": server.url("secret")})
        failed = await house.settled(ada, made["id"])
        assert failed["state"] == "failed" and "private or does not exist" in failed["reason"]
        server.private.discard("secret")
        await ada.post(f"/workspaces/{made['id']}/start")
        assert (await house.settled(ada, made["id"]))["state"] == "running"
    readme = house.settings.workspaces / made["id"] / "files" / "README"
    assert await asyncio.to_thread(readme.read_text) == "hello"


def packed(*members: tarfile.TarInfo, content: bytes = b"") -> bytes:
    """An archive of a harmless file and these members, each with the content."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        tar.addfile(tarfile.TarInfo("harmless.txt"))
        for member in members:
            member.size = len(content) if member.isreg() else 0
            tar.addfile(member, io.BytesIO(content) if member.isreg() else None)
    return file.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "above": (lambda: packed(member("../above")), "archive-unsafe"),
    "absolute": (lambda: packed(member("/etc/coterie-was-here")), "archive-unsafe"),
    "device": (lambda: packed(member("null", tarfile.CHRTYPE)), "archive-unsafe"),
    "pipe": (lambda: packed(member("pipe", tarfile.FIFOTYPE)), "archive-unsafe"),
    "through a link": (
        lambda: packed(member("out", tarfile.SYMTYPE, "/tmp"), member("out/coterie-was-here")),
        "archive-unsafe",
    ),
    "bomb": (lambda: packed(member("bomb"), content=bytes(8 * LIMIT)), "too-big"),
    "many files": (lambda: packed(*(member(f"{n}") for n in range(200))), "too-big"),
    "cut off": (lambda: packed(member("half"), content=os.urandom(50_000))[:25_000], "archive-unreadable"),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_archive(house: House, ada: Caller, name: str) -> None:
    make, code = HOSTILE[name]
    other = await house.running(ada, "Other")
    answer = await ada.http.post("/api/v1/workspaces/from-archive?name=Engine", content=make())
    refused = answer.json()
    assert answer.is_client_error
    assert refused["code"] == code and refused["sentence"].endswith(".")
    # Nothing of it is left, its name is free, and what was there before is as it was.
    assert [workspace["id"] for workspace in await ada.get("/workspaces")] == [other["id"]]
    for path in (house.settings.data.parent / "above", Path("/etc/coterie-was-here"), Path("/tmp/coterie-was-here")):
        assert not path.exists()
    assert (await house.running(ada, "Engine"))["state"] == "running"
    assert (await ada.get(f"/workspaces/{other['id']}"))["state"] == "running"


async def test_a_name_that_is_taken(house: House, ada: Caller) -> None:
    made = await house.running(ada, "Engine")
    for path, options in (
        ("/workspaces", {"body": {"name": "Engine"}}),
        ("/workspaces/from-archive?name=Engine", {"content": packed()}),
    ):
        refused = await ada.call("POST", path, status=409, **options)
        assert refused["code"] == "taken" and "“Engine”" in refused["sentence"]
    assert [workspace["id"] for workspace in await ada.get("/workspaces")] == [made["id"]]
