"""How much is sent and kept: first load of the IDE, resident memory of the hub and of an idle workspace server."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from bench import harness
from coterie.hub.machines.places import Places
from coterie.hub.machines.record import Record
from tests.support.hub import PASSWORD, Account, RunningHub

LOAD_GOAL = 450_000
HUB_GOAL = 120 << 20
SERVER_GOAL = 60 << 20


def workspace_server(data: Path, workspace: str) -> int:
    """The Python process of a running workspace's server: the youngest below what its keeper noted."""
    record = Record.read(Places(data / "workspaces")[workspace].record)
    assert record
    process = record.named["server"].pid
    while children := Path(f"/proc/{process}/task/{process}/children").read_text().split():
        process = int(children[0])
    return process


def proportional(process: int) -> int:
    """Resident bytes, shared pages divided among those who share them."""
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise ValueError("no Pss")


def first_load(hub: RunningHub, account: Account, workspace: str) -> tuple[int, int]:
    """Bytes over the wire and requests of a fresh browser until an open file can be typed into."""
    total = requests = 0

    def finished(event: dict[str, Any]) -> None:
        nonlocal total, requests
        total += int(event["encodedDataLength"])
        requests += 1

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-quic"]
        )
        page = browser.new_page(base_url=hub.address)
        page.request.post(
            "/api/v1/sign-in",
            data={"username": account.username, "password": PASSWORD},
            headers={"origin": hub.address},
        )
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        session.on("Network.loadingFinished", finished)
        page.goto(f"/w/{workspace}")
        page.get_by_role("treeitem", name="hello.py").dblclick()
        page.locator(".cm-content").click()
        page.keyboard.type("# typed")
        page.get_by_text("# typed").wait_for()
        # What is fetched right after the first view belongs to it: the event stream never lets the network be idle.
        page.wait_for_timeout(2000)
        browser.close()
    return total, requests


def measure() -> dict[str, Any]:
    """Return the result of the question."""
    with tempfile.TemporaryDirectory(prefix="coterie-bench-") as name:
        hub = RunningHub(Path(name)).start()
        account = hub.set_up()
        try:
            workspace = account.post("/workspaces", {"name": "size", "source": {"kind": "blank"}})["id"]
            asyncio.run(_running(account, workspace))
            files = f"/api/v1/workspaces/{workspace}/files/hello.py"
            account.http.put(files, content=b"print('hello')\n").raise_for_status()
            server = workspace_server(Path(name), workspace)
            assert hub.process
            server_rss, server_pss = harness.resident(server), proportional(server)
            load, requests = first_load(hub, account, workspace)
            hub_rss, hub_pss = harness.resident(hub.process.pid), proportional(hub.process.pid)
        finally:
            hub.remove_machines(account)
            hub.stop()
    harness.table(
        ["", "measured", "at most"],
        [
            ["first load of the IDE, kB compressed", round(load / 1000), LOAD_GOAL // 1000],
            ["requests of the first load", requests, ""],
            ["hub resident, MB (proportional)", f"{hub_rss >> 20} ({hub_pss >> 20})", HUB_GOAL >> 20],
            ["idle workspace server resident, MB", f"{server_rss >> 20} ({server_pss >> 20})", SERVER_GOAL >> 20],
        ],
    )
    return {
        "question": "size",
        "ours": {"load_bytes": load, "hub_bytes": hub_rss, "workspace_server_bytes": server_rss},
        "peers": {},
        "ratio": max(load / LOAD_GOAL, hub_rss / HUB_GOAL, server_rss / SERVER_GOAL),
        "goal": "450 kB first load, hub 120 MB, idle workspace server 60 MB, at most",
        "met": load <= LOAD_GOAL and hub_rss <= HUB_GOAL and server_rss <= SERVER_GOAL,
    }


async def _running(account: Account, workspace: str) -> None:
    async with asyncio.timeout(30):
        while account.get(f"/workspaces/{workspace}")["state"] != "running":
            await asyncio.sleep(0.02)


if __name__ == "__main__":
    harness.finish(measure())
