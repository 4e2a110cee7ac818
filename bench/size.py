"""How much is sent and kept: first load of the IDE, resident memory of the hub and of an idle workspace server."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from bench import harness
from tests.support.hub import PASSWORD, Account, RunningHub

LOAD_GOAL = 450_000
HUB_GOAL = 120 << 20
SERVER_GOAL = 60 << 20


def workspace_servers() -> set[int]:
    """The processes of this machine that run a workspace server."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                arguments = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"coterie.workspace" in arguments and arguments[0].rpartition(b"/")[2].startswith(b"python"):
                found.add(int(entry.name))
    return found


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
        page.wait_for_load_state("networkidle")
        browser.close()
    return total, requests


def measure() -> dict[str, Any]:
    """Return the result of the question."""
    with tempfile.TemporaryDirectory(prefix="coterie-bench-") as name:
        before = workspace_servers()
        hub = RunningHub(Path(name)).start()
        account = hub.set_up()
        try:
            workspace = account.post("/workspaces", {"name": "size", "source": {"kind": "blank"}})["id"]
            asyncio.run(_running(account, workspace))
            files = f"/api/v1/workspaces/{workspace}/files/hello.py"
            account.http.put(files, content=b"print('hello')\n").raise_for_status()
            (server,) = workspace_servers() - before
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
