"""Workspaces as people make, start, stop and delete them, and what the machines do meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import random
import tarfile
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import select

from coterie.hub import lifecycle
from coterie.hub.db.tables import Workspace
from coterie.wire.closing import Closing
from coterie.wire.errors import CoterieError, ErrorCode
from tests.hub.conftest import Caller, House, MakeSettings, cookies
from tests.support.git_server import GitServer
from tests.support.waiting import eventually


async def test_from_made_to_deleted(house: House, ada: Caller) -> None:
    made = await ada.workspace("Engine")
    assert made["state"] == "starting" and made["role"] == "owner" and made["source"] == {"kind": "blank"}
    shown = await house.settled(ada, made["id"])
    assert (shown["state"], shown["progress"], shown["reason"]) == ("running", "", "")
    assert await ada.get("/workspaces") == [shown]
    assert house.machines.started[0].name == "Engine"

    path = f"/workspaces/{made['id']}"
    assert (await ada.post(f"{path}/start"))["state"] == "running"
    # The answers are read after the machine was told: it must not be done before they are.
    house.machines.hold, house.machines.hold_stop = asyncio.Event(), asyncio.Event()
    assert (await ada.post(f"{path}/stop"))["state"] == "stopping"
    assert house.revocations.closings(workspace=made["id"]) == [Closing.STOPPING]
    house.machines.hold_stop.set()
    assert (await house.settled(ada, made["id"]))["state"] == "stopped"
    assert (await ada.post(f"{path}/stop"))["state"] == "stopped"
    assert (await ada.post(f"{path}/start"))["state"] == "starting"
    house.machines.hold.set()
    assert (await house.settled(ada, made["id"]))["state"] == "running"

    refused = await ada.delete(path, {"confirm": "engine"}, 422)
    assert "Engine" in refused["sentence"]
    await ada.delete(path, {"confirm": "Engine"}, 204)
    assert house.revocations.closings(workspace=made["id"])[-1] is Closing.NOT_FOUND
    assert await ada.get("/workspaces") == []
    await ada.get(path, 404)
    assert not house.machines.running and not (house.settings.workspaces / made["id"]).exists()


async def test_names_are_unique_per_owner(house: House, ada: Caller, grace: Caller) -> None:
    made = await ada.workspace("Engine")
    taken = await ada.post("/workspaces", {"name": " Engine "}, 409)
    assert taken["code"] == "taken" and "Engine" in taken["sentence"]
    await grace.workspace("Engine")
    await ada.delete(f"/workspaces/{made['id']}", {"confirm": "Engine"})
    await ada.workspace("Engine")


async def test_what_cannot_be_a_workspace(ada: Caller) -> None:
    bodies: list[Any] = [
        {"name": ""},
        {"name": "x" * 81},
        {"name": "a\nb"},
        {"name": "a", "source": {"kind": "git"}},
        {"name": "a", "source": {"kind": "archive"}},
        {"name": "a", "source": {"kind": "git", "url": "http://x\0"}},
        {},
        [],
        {"name": "a", "colour": 1},
    ]
    for body in bodies:
        assert (await ada.post("/workspaces", body, 422))["fields"]


async def test_how_many_one_may_own(make_settings: MakeSettings) -> None:
    async with House(make_settings(workspaces_per_user=2)).open() as house:
        ada = await house.administrator()
        answers = await asyncio.gather(*(ada.http.post("/api/v1/workspaces", json={"name": f"w{i}"}) for i in range(5)))
        assert sorted(answer.status_code for answer in answers) == [201, 201, 429, 429, 429]
        first = (await ada.get("/workspaces"))[0]
        await ada.delete(f"/workspaces/{first['id']}", {"confirm": first["name"]})
        await ada.workspace("another")


async def test_the_log(house: House, ada: Caller, grace: Caller) -> None:
    made = await house.running(ada)
    path = f"/workspaces/{made['id']}/log"
    answer = await ada.http.get(f"/api/v1{path}")
    assert "started in memory" in answer.text and "Running after" in answer.text
    end = int(answer.headers["coterie-log-end"])
    assert end == len(answer.content)
    assert await ada.get(f"{path}?after={end}") == ""
    assert await ada.get(f"{path}?after={end - 3}") == answer.text[-3:]
    assert await ada.get(f"{path}?after=99999999") == answer.text
    await grace.get(path, 404)


async def test_a_failed_start_says_why_and_can_be_tried_again(house: House, ada: Caller) -> None:
    house.machines.fail_start = CoterieError(ErrorCode.DISK_FULL, "The disk is full. Make room.", "errno 28")
    made = await ada.workspace()
    failed = await house.settled(ada, made["id"])
    assert (failed["state"], failed["reason"]) == ("failed", "The disk is full. Make room.")
    assert "The disk is full" in await ada.get(f"/workspaces/{made['id']}/log")
    house.machines.fail_start = RuntimeError("something about /etc/passwd")
    await ada.post(f"/workspaces/{made['id']}/start")
    failed = await house.settled(ada, made["id"])
    assert failed["state"] == "failed" and "passwd" not in failed["reason"]
    house.machines.fail_start = None
    await ada.post(f"/workspaces/{made['id']}/start")
    assert (await house.settled(ada, made["id"]))["state"] == "running"


async def test_a_start_that_takes_too_long(make_settings: MakeSettings) -> None:
    async with House(make_settings(start_timeout=0.05)).open() as house:
        ada = await house.administrator()
        house.machines.hold = asyncio.Event()
        made = await ada.workspace()
        failed = await house.settled(ada, made["id"])
        assert failed["state"] == "failed" and "did not come up" in failed["reason"]


async def test_stopping_gives_up_starting(house: House, ada: Caller) -> None:
    house.machines.hold = asyncio.Event()
    made = await ada.workspace()
    await house.machines.starting.wait()
    await ada.post(f"/workspaces/{made['id']}/stop")
    assert (await house.settled(ada, made["id"]))["state"] == "stopped"
    assert not house.machines.running


async def test_deleting_gives_up_starting(house: House, ada: Caller) -> None:
    house.machines.hold = asyncio.Event()
    made = await ada.workspace()
    await house.machines.starting.wait()
    await ada.delete(f"/workspaces/{made['id']}", {"confirm": made["name"]})
    assert await ada.get("/workspaces") == [] and not house.machines.running


async def test_a_stop_that_fails_says_so(house: House, ada: Caller) -> None:
    made = await house.running(ada)
    house.machines.fail_stop = CoterieError(ErrorCode.MACHINE_FAILED, "It does not end.")
    await ada.post(f"/workspaces/{made['id']}/stop")
    failed = await house.settled(ada, made["id"])
    assert (failed["state"], failed["reason"]) == ("failed", "It does not end.")
    house.machines.fail_stop = None
    await ada.post(f"/workspaces/{made['id']}/stop")
    assert (await house.settled(ada, made["id"]))["state"] == "stopped"


async def test_a_machine_that_ends_is_restarted_but_not_for_ever(
    house: House, ada: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "FIRST_PAUSE", 0.0)
    made = await house.running(ada)
    for _ in range(lifecycle.RESTARTS):
        house.machines.starting.clear()
        house.machines.die(made["id"])
        async with asyncio.timeout(30):
            await house.machines.starting.wait()
        assert (await house.until(ada, made["id"], "running"))["reason"] == ""
    house.machines.die(made["id"])
    failed = await house.until(ada, made["id"], "failed")
    assert failed["reason"].startswith("It was killed. It was restarted 3 times")
    closings = [*[Closing.UNREACHABLE] * 3, Closing.NOT_RUNNING]
    await eventually(lambda: house.revocations.closings(workspace=made["id"]) == closings)
    await ada.post(f"/workspaces/{made['id']}/start")
    assert (await house.settled(ada, made["id"]))["state"] == "running"


async def test_a_hub_adopts_what_an_earlier_one_left(make_settings: MakeSettings, tmp_path: Path) -> None:
    settings = make_settings()
    async with House(settings).open() as house:
        ada = await house.administrator()
        lives, dead, crashed, stopping = [await house.running(ada, name) for name in ("a", "b", "c", "d")]
        house.machines.hold = asyncio.Event()
        house.machines.starting.clear()
        starting = await ada.workspace("e")
        await house.machines.starting.wait()
    machines = house.machines
    machines.hold = None
    await machines.stop(dead["id"])
    machines.die(crashed["id"])
    async with House(settings, machines).open() as after:
        same = after.stranger()
        same.http.cookies = ada.http.cookies
        states = {w["id"]: (await after.settled(same, w["id"]))["state"] for w in await same.get("/workspaces")}
        assert (states[lives["id"]], states[dead["id"]]) == ("running", "stopped")
        assert states[starting["id"]] == "running"
        assert (await after.until(same, crashed["id"], "running"))["state"] == "running"
        machines.die(lives["id"])
        await eventually(lambda: Closing.UNREACHABLE in after.revocations.closings(workspace=lives["id"]))
        await same.post(f"/workspaces/{stopping['id']}/stop")


async def test_removing_from_disk_goes_on_after_a_restart(make_settings: MakeSettings) -> None:
    settings = make_settings()
    async with House(settings).open() as house:
        ada = await house.administrator()
        made = await house.running(ada)
        house.machines.fail_stop = RuntimeError("busy")
        with pytest.raises(RuntimeError):
            await house.hub.lifecycle.delete_now(made["id"])
        async with house.hub.write() as transaction:
            row = await transaction.session.get_one(Workspace, made["id"])
            row.deleting, row.name = True, row.id
    house.machines.fail_stop = None
    async with House(settings, house.machines).open() as after:
        await after.hub.lifecycle.settled(made["id"])
        async with after.hub.database.read() as session:
            assert (await session.execute(select(Workspace))).first() is None
        assert not (settings.workspaces / made["id"]).exists()


async def test_one_hub_per_data_directory(tmp_path: Path) -> None:
    from coterie.hub.settings import Settings

    settings = Settings(data=tmp_path)
    async with House(settings).open():
        with pytest.raises(CoterieError, match="Another hub"):
            async with House(settings).open():
                pass


async def test_credentials_of_a_clone_address_are_not_kept(house: House, ada: Caller) -> None:
    source = {"kind": "git", "url": "https://ada:s3cret@127.0.0.1:9/engine.git", "branch": "main"}
    made = await ada.workspace(source=source)
    assert made["source"] == {"kind": "git", "url": "https://127.0.0.1:9/engine.git", "branch": "main"}
    failed = await house.settled(ada, made["id"])
    assert failed["state"] == "failed" and failed["reason"]
    assert "s3cret" not in str([failed, await ada.get("/audit"), await ada.get(f"/workspaces/{made['id']}/log")])
    async with house.hub.database.read() as session:
        row = (await session.execute(select(Workspace))).scalar_one()
        assert "s3cret" not in str(row.source)


@pytest.mark.parametrize(
    "url",
    [
        "ada:s3cret@example.org/engine.git",
        "https:/ada:s3cret@example.org/engine.git",
        "https://[s3cret",
        "ssh://ada:s3cret@example.org/engine.git",
        "ext::sh -c s3cret",
        "file:///s3cret",
        "--upload-pack=s3cret",
    ],
)
async def test_what_is_no_clone_address_is_not_kept_at_all(house: House, ada: Caller, url: str) -> None:
    refused = await ada.post("/workspaces", {"name": "a", "source": {"kind": "git", "url": url}}, 422)
    assert refused["sentence"].endswith(".") and "s3cret" not in str([refused, await ada.get("/audit")])
    assert await ada.get("/workspaces") == []


async def test_a_token_in_the_query_is_not_kept(house: House, ada: Caller) -> None:
    source = {"kind": "git", "url": "https://127.0.0.1:9/engine.git?private_token=s3cret#s3cret"}
    made = await ada.workspace(source=source)
    failed = await house.settled(ada, made["id"])
    assert "s3cret" not in str([failed, await ada.get("/audit"), await ada.get(f"/workspaces/{made['id']}/log")])


async def test_from_git(make_settings: MakeSettings, tmp_path: Path) -> None:
    async with House(make_settings(git_allow_local=True)).open() as house:
        ada = await house.administrator()
        with GitServer(tmp_path) as server:
            await asyncio.to_thread(server.add, "engine", {"README": "hello"})
            made = await house.running(ada, source={"kind": "git", "url": server.url("engine")})
        readme = house.settings.workspaces / made["id"] / "files" / "README"
        assert await asyncio.to_thread(readme.read_text) == "hello"
        assert "Cloning" in await ada.get(f"/workspaces/{made['id']}/log")


class Cloning(NamedTuple):
    """A hub with a workspace that is being cloned."""

    house: House
    ada: Caller
    shown: dict[str, Any]
    go_on: threading.Event


@contextlib.asynccontextmanager
async def cloning(make_settings: MakeSettings, folder: Path) -> AsyncIterator[Cloning]:
    """A workspace whose clone stands still in the middle of the contents, and says how far it has come."""
    async with House(make_settings(git_allow_local=True)).open() as house:
        ada = await house.administrator()
        with GitServer(folder) as server:
            server.pause = threading.Event()
            chance = random.Random(1)
            files = {f"f{n}": chance.randbytes(4096).hex() for n in range(100)}
            await asyncio.to_thread(server.add, "engine", files)
            made = await ada.workspace(source={"kind": "git", "url": server.url("engine")})
            async with asyncio.timeout(30):
                with house.hub.bus.subscribe(await house.hub.authenticate(cookies(ada))) as subscription:
                    while "Receiving objects" not in (shown := await ada.get(f"/workspaces/{made['id']}"))["progress"]:
                        await subscription.wake.wait()
                        subscription.wake.clear()
            yield Cloning(house, ada, shown, server.pause)
            server.pause.set()


def gits(workspace: str) -> list[str]:
    """The command lines of the processes that work on the workspace's files."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if workspace in line and "git" in line:
                found.append(line)
    return found


async def test_a_long_clone_says_how_far_it_is(make_settings: MakeSettings, tmp_path: Path) -> None:
    async with cloning(make_settings, tmp_path) as (house, ada, shown, go_on):
        assert shown["state"] == "starting" and "%" in shown["progress"]
        assert shown["progress"] in await ada.get(f"/workspaces/{shown['id']}/log")
        assert gits(shown["id"])
        go_on.set()
        settled = await house.settled(ada, shown["id"])
        assert (settled["state"], settled["progress"]) == ("running", "")


async def test_a_clone_can_be_given_up_and_begun_again(make_settings: MakeSettings, tmp_path: Path) -> None:
    async with cloning(make_settings, tmp_path) as (house, ada, shown, go_on):
        path = f"/workspaces/{shown['id']}"
        files = house.settings.workspaces / shown["id"] / "files"
        await ada.post(f"{path}/stop")
        assert (await house.settled(ada, shown["id"]))["state"] == "stopped"
        assert not gits(shown["id"]) and await asyncio.to_thread(os.listdir, files) == []
        go_on.set()
        await ada.post(f"{path}/start")
        assert (await house.settled(ada, shown["id"]))["state"] == "running"
        assert "f99" in await asyncio.to_thread(os.listdir, files)


async def test_deleting_gives_up_a_clone(make_settings: MakeSettings, tmp_path: Path) -> None:
    async with cloning(make_settings, tmp_path) as (house, ada, shown, _):
        await ada.delete(f"/workspaces/{shown['id']}", {"confirm": shown["name"]})
        assert not gits(shown["id"]) and not await asyncio.to_thread((house.settings.workspaces / shown["id"]).exists)
        assert await ada.get("/workspaces") == []


def archive(names: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        for name, content in names.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return file.getvalue()


async def test_from_an_archive(house: House, ada: Caller) -> None:
    async def body() -> AsyncIterator[bytes]:
        data = archive({"README": b"hello"})
        for at in range(0, len(data), 10):
            yield data[at : at + 10]

    path = "/workspaces/from-archive?name=Engine&filename=engine.tar.gz"
    made = await ada.call("POST", path, status=201, content=body())
    shown = await house.settled(ada, made["id"])
    assert shown["state"] == "running" and shown["source"] == {"kind": "archive", "filename": "engine.tar.gz"}
    readme = house.settings.workspaces / made["id"] / "files" / "README"
    assert await asyncio.to_thread(readme.read_bytes) == b"hello"


async def test_an_unsafe_archive_leaves_nothing(house: House, ada: Caller) -> None:
    path = "/workspaces/from-archive?name=Engine"
    refused = await ada.call("POST", path, status=400, content=archive({"../../evil": b"x"}))
    assert refused["code"] == "archive-unsafe"
    assert await ada.get("/workspaces") == []
    assert (await ada.call("POST", path, content=b"not an archive", status=400))["code"] == "archive-unreadable"
    await ada.workspace("Engine")
