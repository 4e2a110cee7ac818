"""Terminals: 200 MB of text to one and to ten viewers, and keystrokes, beside terminado, node-pty with ws, and C.

Everyone reads a PTY in which a shell runs `cat`, and puts it on WebSockets; the load generator reads as fast as it
can, and acknowledges where the protocol does. Servers have one processor, the load generator the other. The floor is a
C program that does nothing but copy.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import harness
from bench.hop import Client, after_handshake, cpu_nanoseconds, direct
from coterie.wire.messages import encode
from coterie.wire.messages.connection import Welcome
from coterie.wire.messages.terminals import (
    TerminalAttach,
    TerminalAttached,
    TerminalInput,
    TerminalOpen,
    TerminalOpened,
)
from tests.support.hub import free_port
from tests.support.workspace import RunningWorkspace

HERE = Path(__file__).parent / "terminals"
MEGABYTES = int(os.environ.get("MEGABYTES", "200"))
RUNS = int(os.environ.get("RUNS", "5"))
KEYS = int(os.environ.get("KEYS", "300"))
LINE = b"0123456789 the quick brown fox jumps over the lazy dog and naps again\n"
READ_ALL = "cat big.txt; printf '<%s>' END\r"
FLOOD = "yes 0123456789012345678901234567890123456789012345678901234567890123456789\r"
GOAL = (
    "at least 0.9× the C floor's throughput at 1 and 10 viewers, echo under flood p99 at most 3 ms, CPU per GB below "
    "both peers"
)
SERVER, LOAD = {0}, {min(1, (os.cpu_count() or 1) - 1)}


@dataclass
class Viewer:
    """One connection to a terminal, before it is given to the load generator."""

    socket: socket.socket
    terminal: int


class Contestant:
    """A terminal server. `payload` wraps typed text as its protocol wants it."""

    protocol = "plain"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = 0

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Run the server with nothing in it."""
        port = free_port()
        with on(SERVER):
            server = subprocess.Popen(self.command(port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.process = server.pid
        self.port = port
        try:
            self.wait()
            yield
        finally:
            server.kill()
            server.wait()

    def command(self, port: int) -> list[str]:
        raise NotImplementedError

    def wait(self) -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.05)
        raise TimeoutError(f"{type(self).__name__} does not listen")

    def views(self, name: str, viewers: int) -> list[Viewer]:
        """Open connections to one terminal."""
        return [Viewer(self.connect(name), 0) for _ in range(viewers)]

    def connect(self, name: str) -> socket.socket:
        client = socket.create_connection(("127.0.0.1", self.port))
        client.sendall(
            f"GET /{name} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        return after_handshake(client)

    def payload(self, text: str, viewer: Viewer) -> bytes:
        return text.encode()


class Floor(Contestant):
    def command(self, port: int) -> list[str]:
        program = harness.compile_c(HERE / "floor.c")
        assert program
        return [str(program), str(port), str(self.folder)]


class Terminado(Contestant):
    def command(self, port: int) -> list[str]:
        python = harness.pip_peer("terminado", ["terminado==0.18.1"])
        return [str(python), str(HERE / "terminado_server.py"), str(port), str(self.folder)]

    def payload(self, text: str, viewer: Viewer) -> bytes:
        return json.dumps(["stdin", text]).encode()


class NodePty(Contestant):
    def command(self, port: int) -> list[str]:
        place = harness.npm_peer("node-pty", ["node-pty@1.1.0", "ws@8.21.0"])
        program = place / "server.cjs"
        program.write_text((HERE / "node_server.cjs").read_text())
        # What is found first may be a script that starts the real one.
        node = subprocess.run([harness.node(), "-p", "process.execPath"], capture_output=True, text=True, check=True)
        return [node.stdout.strip(), str(program), str(port), str(self.folder)]


class Ours(Contestant):
    protocol = "coterie"

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        with tempfile.TemporaryDirectory(prefix="cot-") as place:
            self.server = RunningWorkspace(Path(place), {"SHELL": "/bin/sh"})
            (self.server.files / "big.txt").symlink_to(self.folder / "big.txt")
            with on(SERVER):
                self.server.start()
            assert self.server.process
            self.process = self.server.process.pid
            try:
                yield
            finally:
                self.server.stop()

    def views(self, name: str, viewers: int) -> list[Viewer]:
        clients = []
        for _ in range(viewers):
            client = Client(direct(self.server))
            client.wait(Welcome)
            clients.append(client)
        clients[0].send(TerminalOpen(1))
        terminal = clients[0].wait(TerminalOpened).terminal
        for client in clients:
            client.send(TerminalAttach(2, terminal))
            client.wait(TerminalAttached)
        return [Viewer(client.socket, terminal) for client in clients]

    def payload(self, text: str, viewer: Viewer) -> bytes:
        return encode(TerminalInput(viewer.terminal, text.encode()))


@contextlib.contextmanager
def on(processors: set[int]) -> Iterator[None]:
    """What is started meanwhile runs on these processors only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, processors)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def load(mode: str, contestant: Contestant, viewers: list[Viewer], text: str, limit: float) -> subprocess.Popen[str]:
    """Start the load generator on these connections."""
    program = harness.compile_c(HERE / "load.c")
    assert program
    for viewer in viewers:
        viewer.socket.setblocking(True)
    descriptors = [viewer.socket.fileno() for viewer in viewers]
    message = contestant.payload(text, viewers[0]).hex()
    words = [mode, contestant.protocol, str(viewers[0].terminal), message, str(limit), *map(str, descriptors)]
    with on(LOAD):
        return subprocess.Popen([program, *words], stdout=subprocess.PIPE, text=True, pass_fds=descriptors)


def answer(process: subprocess.Popen[str]) -> dict[str, Any]:
    output, _ = process.communicate(timeout=180)
    found: dict[str, Any] = json.loads(output)
    return found


def quiet() -> None:
    """Let shells print their prompts, so that those are not taken for the first answer."""
    time.sleep(0.4)


def flood(contestant: Contestant, viewers: int) -> dict[str, float]:
    """Throughput in MB/s and CPU seconds of the server per GB that reached a viewer."""
    with contestant.running():
        views = contestant.views("flood", viewers)
        quiet()
        used = cpu_nanoseconds(contestant.process)
        result = answer(load("flood", contestant, views, READ_ALL, 120))
        used = cpu_nanoseconds(contestant.process) - used
        for view in views:
            view.socket.close()
    if not result["whole"] or result["skipped"]:
        print(f"  {type(contestant).__name__}: {result}", flush=True)
    delivered = MEGABYTES * 1e6
    return {
        "rate": delivered / 1e6 / result["seconds"],
        "cpu": used / 1e9 / (delivered * viewers / 1e9),
        "skipped": result["skipped"],
        "whole": float(result["whole"]),
    }


def echo(contestant: Contestant, flooded: bool) -> dict[str, float]:
    """Milliseconds from a keystroke to its echo, `cat` running, while another terminal floods its viewer or not."""
    with contestant.running():
        if flooded:
            others = contestant.views("flood", 1)
        views = contestant.views("echo", 1)
        quiet()
        if flooded:
            draining = load("drain", contestant, others, FLOOD, 0)
            quiet()
        answer(load("echo", contestant, views, "cat\r", 1))
        result = answer(load("echo", contestant, views, "k", KEYS))
        if flooded:
            draining.kill()
            draining.communicate()
            others[0].socket.close()
        views[0].socket.close()
    return result


def measure() -> dict[str, Any]:
    """Run everyone in turn and return the result of the question."""
    with tempfile.TemporaryDirectory(prefix="cot-") as place:
        folder = Path(place)
        (folder / "big.txt").write_bytes(LINE * (MEGABYTES * 1_000_000 // (len(LINE) + 1)))
        contestants: dict[str, Contestant] = {
            "C": Floor(folder),
            "Coterie": Ours(folder),
            "node-pty + ws": NodePty(folder),
            "terminado": Terminado(folder),
        }
        asked: dict[str, Callable[[Contestant], dict[str, float]]] = {
            "one": lambda c: flood(c, 1),
            "ten": lambda c: flood(c, 10),
            "idle": lambda c: echo(c, False),
            "flooded": lambda c: echo(c, True),
        }
        found: dict[str, dict[str, dict[str, float]]] = {}
        for question, ask in asked.items():
            runs = harness.in_turn({name: functools.partial(ask, c) for name, c in contestants.items()}, RUNS)
            for name, results in runs.items():
                found.setdefault(name, {})[question] = {
                    key: harness.median(result[key] for result in results) for key in results[0]
                }
    harness.table(
        ["", "1 viewer MB/s", "CPU s/GB", "10 viewers MB/s", "CPU s/GB", "echo p50/p99 ms", "while another floods"],
        [
            [
                name,
                f"{of['one']['rate']:.0f}",
                of["one"]["cpu"],
                f"{of['ten']['rate']:.0f}",
                of["ten"]["cpu"],
                f"{of['idle']['p50']:.2f} / {of['idle']['p99']:.2f}",
                f"{of['flooded']['p50']:.2f} / {of['flooded']['p99']:.2f}",
            ]
            for name, of in found.items()
        ],
    )
    ours, floor = found["Coterie"], found["C"]
    ratio = min(ours[which]["rate"] / floor[which]["rate"] for which in ("one", "ten"))
    cheapest = all(
        ours[which]["cpu"] < found[peer][which]["cpu"]
        for which in ("one", "ten")
        for peer in ("node-pty + ws", "terminado")
    )
    whole = all(ours[which]["skipped"] == 0 and ours[which]["whole"] == 1 for which in ("one", "ten"))
    return {
        "question": "terminal",
        "ours": ours,
        "peers": {name: of for name, of in found.items() if name != "Coterie"},
        "ratio": ratio,
        "goal": GOAL,
        "met": ratio >= 0.9 and ours["flooded"]["p99"] <= 3 and cheapest and whole,
    }


if __name__ == "__main__":
    harness.finish(measure())
