"""The process that holds one machine together: it starts the workspace server and the init, and ends when they end.

It outlives the hub: what happens is noted in the machine's record file, where a restarted hub finds it. Its orders come
as JSON on standard input (`Orders`); a hub that dies before giving them leaves nothing behind.
"""

from __future__ import annotations

import binascii
import contextlib
import json
import os
import resource
import signal
import socket
import sys
from typing import Any, TypedDict

from coterie.machine import init, kernel, network

CONTROL, SECOND, INFO, FILTER = 3, 4, 5, 6
"""Programs' descriptors: the socket between server and init; ready pipe (server) or listener (init); bwrap's two."""

LAST_GRACE = 5.0
"""Seconds a workspace server has to save everything when the init has ended under it, or the record is gone."""

LOOK_EVERY = 20.0
"""Seconds between looks whether the record is still there: without it no hub finds the machine, now or later."""


class Program(TypedDict):
    """One program to start."""

    command: list[str]
    environment: dict[str, str]
    input: str
    """Its standard input."""
    second: int
    """Descriptor it gets as number 4."""
    groups: list[int]
    """Descriptors of control groups' `cgroup.procs`, which it joins."""
    filter: str
    """Base64 of the system-call filter that bubblewrap gets on descriptor 6; empty: none."""
    memory: int
    """Bytes that it may have for itself, as a resource limit on each of its processes; 0: no such limit."""
    sandboxed: bool
    """Whether the command is bubblewrap's, which then tells its child's pid on descriptor 5."""


class Orders(TypedDict):
    """What to keep."""

    record: int
    """Descriptor to which events are appended, one JSON object a line."""
    stage: str
    """Directory over which a private tmpfs is mounted, with the `sources` in it; empty: none. Needs root."""
    sources: list[str]
    """What appears below the stage as `0`, `1`, …"""
    user: int
    """Host user and group to become; -1: stay."""
    network: bool
    """Whether the machine has a network of its own."""
    uplink: list[str]
    """Command that joins it with the outside, to which this process's pid and the device's name are added; or empty."""
    server: Program
    init: Program


class Keeper:
    """Starts the programs, waits for the first to end, ends the others."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._children: dict[int, str] = {}
        self._inner: dict[str, int] = {}
        """The pid that signals for a program go to: inside its sandbox it is process 1."""
        self._asked = False
        self._ended = False
        self._last_grace = False

    def run(self) -> None:
        """Return when everything has ended."""
        orders = self._orders
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGALRM, self._look)
        self._note_process("keeper", os.getpid())
        if orders["stage"]:
            _stage(orders["stage"], orders["sources"], tun=bool(orders["uplink"]))
        if orders["user"] >= 0:
            _become(orders["user"])
        uplink = self._fork_uplink() if orders["uplink"] else -1
        if orders["network"]:
            _own_network()
        servers, inits = socket.socketpair()
        self._start("server", orders["server"], servers.detach())
        self._start("init", orders["init"], inits.detach())
        if uplink >= 0:
            os.write(uplink, b"\n")
        self._watch()

    def _start(self, name: str, program: Program, control: int) -> None:
        ours, theirs = os.pipe()
        input_read, input_write = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                for group in program["groups"]:
                    os.write(group, b"0")
                wanted = {0: input_read, 1: 1, 2: 2, CONTROL: control, SECOND: program["second"], INFO: theirs}
                if program["filter"]:
                    wanted[FILTER] = _filled(binascii.a2b_base64(program["filter"]))
                _keep(wanted)
                if program["memory"]:
                    resource.setrlimit(resource.RLIMIT_DATA, (program["memory"], program["memory"]))
                os.execvpe(program["command"][0], program["command"], program["environment"])  # noqa: S606 a list
            except OSError as error:
                os.write(2, f"{program['command'][0]}: {error}\n".encode())
            finally:
                os._exit(127)
        for fd in (control, theirs, input_read, program["second"], *program["groups"]):
            os.close(fd)
        with contextlib.suppress(BrokenPipeError), open(input_write, "w") as pipe:  # noqa: PTH123 a descriptor
            pipe.write(program["input"])
        self._children[pid] = name
        self._inner[name] = pid
        with open(ours) as pipe:  # noqa: PTH123
            told = pipe.read() if program["sandboxed"] else ""
        if told:
            self._inner[name] = int(json.loads(told)["child-pid"])
        self._note_process(name, self._inner[name])

    def _fork_uplink(self) -> int:
        """Fork the uplink while still in the host's network; return the pipe that lets it begin."""
        go, begin = os.pipe()
        keeper = os.getpid()
        pid = os.fork()
        if pid == 0:
            try:
                kernel.end_with_parent(signal.SIGKILL)
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                os.close(begin)
                if os.read(go, 1):
                    command = [*self._orders["uplink"], str(keeper), network.DEVICE]
                    nothing = os.open(os.devnull, os.O_RDWR)
                    _keep({0: nothing, 1: nothing, 2: 2})
                    os.execvpe(command[0], command, {})  # noqa: S606
            finally:
                os._exit(127)
        os.close(go)
        self._children[pid] = "uplink"
        self._inner["uplink"] = pid
        self._note_process("uplink", pid)
        return begin

    def _watch(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, LOOK_EVERY, LOOK_EVERY)
        while self._children.keys() - {self._inner.get("uplink")}:
            pid, status = os.wait()
            name = self._children.pop(pid, "")
            if not name:
                continue
            code = os.waitstatus_to_exitcode(status)
            self._inner.pop(name, None)
            if name == "uplink":
                sys.stderr.write(f"The network's uplink ended (exit code {code}); the machine goes on without it.\n")
                continue
            # Who was left by the other says so by its code: the other's own end is the one to tell, told first or not.
            if not self._ended and code != (init.LEFT if name == "server" else 0):
                self._ended = True
                self._note({"ended": name, "code": code, "asked": self._asked})
            if name == "init":
                self._end_soon()
            else:
                self._signal("init", signal.SIGKILL)
        self._signal("uplink", signal.SIGKILL)
        init.end_everything()

    def _stop(self, *_: object) -> None:
        self._asked = True
        self._signal("server", signal.SIGTERM)

    def _end_soon(self) -> None:
        self._stop()
        self._last_grace = True
        signal.setitimer(signal.ITIMER_REAL, LAST_GRACE)

    def _look(self, *_: object) -> None:
        if self._last_grace:
            self._signal("server", signal.SIGKILL)
        elif os.fstat(self._orders["record"]).st_nlink == 0:
            sys.stderr.write("The machine's directory was deleted from outside; the machine ends.\n")
            self._end_soon()

    def _signal(self, name: str, number: int) -> None:
        if name in self._inner:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._inner[name], number)

    def _note_process(self, name: str, pid: int) -> None:
        self._note({"process": name, "pid": pid, "began": kernel.began(pid)})

    def _note(self, event: dict[str, Any]) -> None:
        os.write(self._orders["record"], json.dumps(event).encode() + b"\n")


def _keep(wanted: dict[int, int]) -> None:
    """Make `wanted` (number → descriptor) the only open descriptors."""
    import fcntl  # noqa: PLC0415 only in children

    high = {number: fcntl.fcntl(fd, fcntl.F_DUPFD, FILTER + 1) for number, fd in wanted.items()}
    for number, fd in high.items():
        os.dup2(fd, number)
    os.closerange(max(wanted) + 1, os.sysconf("SC_OPEN_MAX") if not kernel.LINUX else kernel.highest_descriptor() + 1)


def _filled(data: bytes) -> int:
    """Return a pipe with `data` in it, which must fit."""
    out, into = os.pipe()
    os.write(into, data)
    os.close(into)
    return out


def _stage(stage: str, sources: list[str], *, tun: bool) -> None:
    """Bind `sources` below `stage` in a mount namespace of our own, where a user reaches them whatever lies above."""
    kernel.unshare(kernel.CLONE_NEWNS)
    kernel.mount("none", "/", flags=kernel.MS_REC | kernel.MS_PRIVATE)
    fds = [
        os.open(source, os.O_PATH) for source in sources
    ]  # the stage may hide them; only this namespace's can be bound
    kernel.mount("tmpfs", stage, "tmpfs", data="mode=755")
    for number, fd in enumerate(fds):
        target = f"{stage}/{number}"
        if os.path.isdir(f"/proc/self/fd/{fd}"):  # noqa: PTH112 pathlib is slow to import
            os.mkdir(target)  # noqa: PTH102
        else:
            os.close(os.open(target, os.O_CREAT | os.O_WRONLY))
        kernel.mount(f"/proc/self/fd/{fd}", target, flags=kernel.MS_BIND | kernel.MS_REC)
        os.close(fd)
    if tun:
        network.share_tun(f"{stage}/tun")


def _become(user: int) -> None:
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    kernel.set_dumpable(True)  # or /proc/self/uid_map would be root's


def _own_network() -> None:
    user, group = os.getuid(), os.getgid()
    kernel.unshare(kernel.CLONE_NEWUSER | kernel.CLONE_NEWNET)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123
            file.write(text)
    network.bring_up_loopback()


def main() -> None:
    """Read the orders and keep the machine."""
    orders: Orders = json.load(sys.stdin)
    os.setsid()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # for the workspace server; the init lowers its own
    kernel.adopt_orphans()
    try:
        Keeper(orders).run()
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        os.write(orders["record"], json.dumps({"ended": "keeper", "code": error.errno, "why": str(error)}).encode())
        os.write(orders["record"], b"\n")
        sys.exit(1)
