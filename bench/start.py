"""How long from asking for a machine until a typed character comes back: ours beside JupyterHub's local processes.

Ours: create a blank workspace (sandbox driver), wait until it runs, open its socket, open a terminal, type.
JupyterHub: start a user's server with the local-process spawner, wait until it is ready, open a terminal, type.
Both are asked every 10 ms whether they are ready; both run on this machine, in turn.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from bench import harness
from coterie.wire.messages.terminals import TerminalAttach, TerminalInput, TerminalOpen, TerminalOutput
from tests.support.hub import Account, RunningHub, free_port

RUNS = int(os.environ.get("RUNS", "20"))
POLL = 0.01
GOAL_SECONDS = 0.7
GOAL_RATIO = 3.0

JUPYTERHUB_CONFIG = """
c = get_config()
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_port = {hub_port}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.Spawner.args = ["--allow-root"]
c.Spawner.notebook_dir = {home!r}
c.SimpleLocalProcessSpawner.home_dir_template = {home!r}
c.JupyterHub.load_roles = [{{"name": "bench", "services": ["bench"],
    "scopes": ["admin:users", "admin:servers", "access:servers"]}}]
c.JupyterHub.services = [{{"name": "bench", "api_token": {token!r}}}]
c.JupyterHub.log_level = "ERROR"
"""


async def ours(account: Account, number: int) -> float:
    """Seconds from asking for a workspace until its terminal answers a keystroke."""
    begun = time.perf_counter()
    workspace = account.post("/workspaces", {"name": f"bench {number}", "source": {"kind": "blank"}})
    path = f"/workspaces/{workspace['id']}"
    while (state := account.get(path))["state"] != "running":
        if state["state"] == "failed":
            raise RuntimeError(state["reason"])
        await asyncio.sleep(POLL)
    page = await account.open(workspace["id"])
    opened = await page.succeed(TerminalOpen(0, "", 80, 24))
    await page.succeed(TerminalAttach(0, opened.terminal, 0))
    page.send(TerminalInput(opened.terminal, b"#ready"))
    await page.until(lambda: b"#ready" in b"".join(m.data for m in page.messages if isinstance(m, TerminalOutput)))
    seconds = time.perf_counter() - begun
    page.close()
    account.http.request("DELETE", f"/api/v1{path}", json={"confirm": workspace["name"]}).raise_for_status()
    while account.http.get(f"/api/v1{path}").status_code != 404:
        await asyncio.sleep(POLL)
    return seconds


class _Typed(WSListener):
    def __init__(self) -> None:
        self.seen = ""
        self.answered = asyncio.get_running_loop().create_future()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            kind, *rest = json.loads(frame.get_payload_as_bytes())
            self.seen += rest[0] if kind == "stdout" else ""
            if "#ready" in self.seen and not self.answered.done():
                self.answered.set_result(None)


async def theirs(http: httpx.Client, token: str, number: int) -> float:
    """Seconds from asking JupyterHub for a server until a terminal in it answers a keystroke."""
    user = f"bench{number}"
    http.post(f"/hub/api/users/{user}").raise_for_status()
    begun = time.perf_counter()
    http.post(f"/hub/api/users/{user}/server").raise_for_status()
    while not http.get(f"/hub/api/users/{user}").json()["servers"].get("", {}).get("ready"):
        await asyncio.sleep(POLL)
    terminal = http.post(f"/user/{user}/api/terminals").raise_for_status().json()["name"]
    url = str(http.base_url).replace("http", "ws", 1) + f"user/{user}/terminals/websocket/{terminal}"
    headers = {"Authorization": f"token {token}"}
    listener = _Typed()
    transport, _ = await ws_connect(lambda: listener, url, extra_headers=headers)
    transport.send(WSMsgType.TEXT, json.dumps(["stdin", "#ready"]).encode())
    await asyncio.wait_for(listener.answered, 30)
    seconds = time.perf_counter() - begun
    transport.disconnect()
    http.delete(f"/hub/api/users/{user}/server").raise_for_status()
    while http.get(f"/hub/api/users/{user}").json()["servers"]:
        await asyncio.sleep(0.05)
    return seconds


def start_jupyterhub(folder: Path, token: str) -> tuple[subprocess.Popen[bytes], str]:
    """Start JupyterHub from the peers' folder; return its process and address."""
    python = harness.pip_peer("jupyterhub", ["jupyterhub", "jupyterlab"])
    node = harness.npm_peer("configurable-http-proxy", ["configurable-http-proxy"])
    port = free_port()
    config = folder / "jupyterhub_config.py"
    config.write_text(
        JUPYTERHUB_CONFIG.format(
            port=port,
            hub_port=free_port(),
            proxy_port=free_port(),
            proxy=str(node / "node_modules" / ".bin" / "configurable-http-proxy"),
            home=str(folder),
            token=token,
        )
    )
    path = f"{python.parent}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    process = subprocess.Popen(
        [python, "-m", "jupyterhub", "-f", config],
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    return process, f"http://127.0.0.1:{port}/"


async def wait_for(http: httpx.Client, path: str) -> None:
    """Return once the address answers with success."""
    async with asyncio.timeout(60):
        while True:
            try:
                if http.get(path).is_success:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)


async def measure() -> dict[str, Any]:
    """Run both in turn and return the result of the question."""
    token = secrets.token_hex(16)
    with tempfile.TemporaryDirectory(prefix="coterie-bench-") as name:
        folder = Path(name)
        hub = RunningHub(folder / "data").start()
        jupyterhub, address = start_jupyterhub(folder, token)
        try:
            account = hub.set_up()
            http = httpx.Client(base_url=address, headers={"Authorization": f"token {token}"}, timeout=60)
            await wait_for(http, "/hub/api/")
            rows: dict[str, list[float]] = {"coterie": [], "jupyterhub": []}
            await ours(account, -1)
            await theirs(http, token, 10_000)
            for number in range(RUNS):
                rows["coterie"].append(await ours(account, number))
                rows["jupyterhub"].append(await theirs(http, token, number))
        finally:
            hub.stop()
            # Its proxy has a session of its own, and its Node.js a launcher that does not pass the signal on.
            proxy = folder / "jupyterhub-proxy.pid"
            pid = int(proxy.read_text()) if proxy.exists() else None
            os.killpg(jupyterhub.pid, signal.SIGTERM)
            jupyterhub.wait(30)
            if pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGTERM)
    mine, peer = harness.median(rows["coterie"]), harness.median(rows["jupyterhub"])
    harness.table(
        ["", "median s", "fastest", "slowest"],
        [[who, harness.median(v), min(v), max(v)] for who, v in rows.items()],
    )
    return {
        "question": "start",
        "ours": mine,
        "peers": {"jupyterhub": peer},
        "ratio": peer / mine,
        "goal": f"at most {GOAL_SECONDS} s and at least {GOAL_RATIO}x faster",
        "met": mine <= GOAL_SECONDS and peer / mine >= GOAL_RATIO,
    }


if __name__ == "__main__":
    harness.finish(asyncio.run(measure()))
