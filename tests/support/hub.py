"""A real hub in a process of its own, started, killed and restarted by tests and benches."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx

from coterie.hub.machines.sandbox.driver import SandboxDriver
from tests.support.socket import WorkspaceSocket
from tests.support.waiting import wait_until

PASSWORD = "correct horse battery staple"
READY_WITHIN = 60.0


LOWEST_PORT, HIGHEST_PORT = 10_000, 32_000
"""Below those that a system gives to outgoing connections: such a one could take a port before its hub does, or while
that starts again. Linux gives 32768 and up."""


BY_NEWS_ALONE = """
import datetime
from coterie.hub import events, rights
from coterie.hub.gate import link
rights.EVERY = datetime.timedelta(hours=1)
link.CUT_AFTER = events.HEARTBEAT = 3600.0
"""
"""A hub's prelude: access ends because the hub was told and tells the workspace server, for nothing that it would do
later by the clock happens within a test. However slow a machine is, a test that sees access end has seen that."""


_given: set[int] = set()


def free_port() -> int:
    """Return a TCP port nobody listens on at the moment, and no test of this run was given: its hub may be yet to."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    while True:
        # Each worker draws from its own.
        port = LOWEST_PORT + secrets.randbelow((HIGHEST_PORT - LOWEST_PORT) // workers) * workers + worker
        if port in _given:
            continue
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            _given.add(port)
            return port


class RunningHub:
    """`coterie serve` over a data directory. `restart` keeps the directory and the port."""

    def __init__(self, data: Path, environment: dict[str, str] | None = None) -> None:
        self.data = data
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.environment = environment or {}
        self.arguments: list[str] = []
        """Further arguments of `coterie serve`."""
        self.before: list[str] = []
        """A command that runs the hub's, such as one that gives it a disk of its own first."""
        self.prelude = ""
        """Python that the hub's process runs before all else, such as `BY_NEWS_ALONE`."""
        self.accounts: list[Account] = []
        self.output: list[str] = []
        self.process: subprocess.Popen[str] | None = None
        self._setup_link = ""
        self._ready: subprocess.Popen[str] | None = None
        """The process that said it is ready."""

    def start(self) -> RunningHub:
        """Start and return once the hub accepts connections."""
        program = (
            ["-c", f"{self.prelude}\nfrom coterie.cli.main import main\nmain()"] if self.prelude else ["-m", "coterie"]
        )
        command = [*self.before, sys.executable, *program, "serve"]
        command += ["--data", str(self.data), "--port", str(self.port), *self.arguments]
        self.process = subprocess.Popen(
            command,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        # Of this start alone: what read an earlier process may come to its end only now.
        told = threading.Event()
        threading.Thread(target=self._read, args=(self.process, told), daemon=True).start()
        if not told.wait(READY_WITHIN):
            self.kill()
            raise TimeoutError("the hub did not come up:\n" + "".join(self.output))
        if self._ready is not self.process:
            self.process.wait(READY_WITHIN)
            raise RuntimeError("the hub ended:\n" + "".join(self.output))
        return self

    def _read(self, process: subprocess.Popen[str], told: threading.Event) -> None:
        assert process.stdout
        with process.stdout as lines:
            for line in lines:
                self.output.append(line)
                if found := re.search(r"(https?://\S+/setup#\S+)", line):
                    self._setup_link = found[1]
                if "Coterie is ready" in line:
                    self._ready = process
                    told.set()
        told.set()

    @property
    def setup_link(self) -> str:
        """The one-time link the hub printed for its first administrator."""
        assert self._setup_link, "".join(self.output)
        return self._setup_link

    def kill(self) -> None:
        """End the hub without a chance to tidy up."""
        assert self.process
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)

    def stop(self) -> int:
        """End the hub in an orderly way; return its exit code."""
        assert self.process
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def close(self) -> None:
        """End the hub, all its machines and every account's connections: the last thing a test does with it."""
        for account in self.accounts:
            if self.process and self.process.poll() is None:
                self.remove_machines(account)
            account.http.close()
        self.stop()
        # In a thread: where a browser is driven, this one has an event loop already.
        ending = threading.Thread(target=lambda: asyncio.run(_end_machines(self.data)))
        ending.start()
        ending.join()

    def restart(self) -> None:
        """Kill and start again, over the same data and port."""
        self.kill()
        self.start()

    def set_up(self, username: str = "ada", display_name: str = "Ada Lovelace") -> Account:
        """Become the first administrator through the printed link."""
        token = self.setup_link.partition("#")[2]
        account = Account(self, username)
        account.post(
            "/setup", {"token": token, "username": username, "display_name": display_name, "password": PASSWORD}
        )
        account.sign_in()
        return account

    def remove_machines(self, account: Account) -> None:
        """Delete the person's workspaces, so that no machine outlives the test."""
        listed = account.http.get("/api/v1/workspaces")
        for workspace in listed.json() if listed.is_success else []:
            if "workspace.delete" in workspace["capabilities"]:
                account.http.request(
                    "DELETE", f"/api/v1/workspaces/{workspace['id']}", json={"confirm": workspace["name"]}
                )


async def _end_machines(data: Path) -> None:
    """End the machines below `data` that are left: those of people who made them in a browser and are no `Account`."""
    driver = SandboxDriver(data)  # it ends what the process driver started, too
    await asyncio.gather(*(driver.stop(place.root.name, 0) for place in driver.places.all()))


class Account:
    """A signed-in person, as a browser is: cookie and Origin."""

    def __init__(self, hub: RunningHub, username: str) -> None:
        self.hub = hub
        self.username = username
        self.http = httpx.Client(base_url=hub.address, headers={"origin": hub.address}, timeout=30)
        hub.accounts.append(self)

    def sign_in(self) -> None:
        self.post("/sign-in", {"username": self.username, "password": PASSWORD})

    def get(self, path: str) -> Any:
        return self._answer(self.http.get(f"/api/v1{path}"))

    def post(self, path: str, body: Any = None) -> Any:
        return self._answer(self.http.post(f"/api/v1{path}", json=body))

    def until(self, workspace: str, state: str) -> None:
        """Return once the workspace is in this state. Raises RuntimeError when it has failed instead."""

        def reached() -> bool:
            shown = self.get(f"/workspaces/{workspace}")
            if shown["state"] == "failed" != state:
                raise RuntimeError(shown["reason"])
            return bool(shown["state"] == state)

        wait_until(reached)

    def _answer(self, response: httpx.Response) -> Any:
        if response.is_error:
            raise RuntimeError(f"{response.request.method} {response.request.url.path}: {response.text}")
        return response.json() if response.content else None

    def invite(self, username: str, display_name: str) -> Account:
        """Make an account for a second person through an invitation link."""
        link = self.post("/invitations", {})
        token = link["token"] if "token" in link else link["link"].partition("#")[2]
        other = Account(self.hub, username)
        other.post(
            "/register", {"token": token, "username": username, "display_name": display_name, "password": PASSWORD}
        )
        other.sign_in()
        return other

    async def open(self, workspace: str) -> WorkspaceSocket:
        """Open the workspace's socket through the gate."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())
        url = self.hub.address.replace("http", "ws", 1) + f"/w/{workspace}"
        return await WorkspaceSocket.open(url, {"Cookie": cookie, "Origin": self.hub.address})
