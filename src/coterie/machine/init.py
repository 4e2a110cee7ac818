"""The machine's init: starts, signals and reaps what users run, on request of whoever holds one of its sockets.

It is process 1 of the sandbox, so nothing inside can signal it, and it is not dumpable, so nothing inside can trace it
or take its descriptors. When its control socket closes it ends, and everything in its PID namespace with it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import pty
import resource
import select
import signal
import socket
import struct
import sys
import time
from pathlib import Path

from coterie.machine import channel, kernel, ports

RUN_INIT = "import sys; sys.path.insert(0, sys.argv[1]); from coterie.machine.init import main; main(sys.argv[2:])"
"""Python that runs the init, its first argument the directory of our packages: run with -I -S, it starts in 25 ms."""

LEFT = 3
"""Exit code of a workspace server that ended because its init had ended."""

_ROUNDS = 10
"""Times that a session is looked at again while it is killed: somebody may have forked before it was their turn."""

_GRACE = 2.0
"""Seconds that the processes of a session have after a hang-up until they are killed."""


class Init:
    """Serves spawn and signal requests on its control socket and on connections to its listening socket."""

    def __init__(self, control: socket.socket, listener: socket.socket | None = None) -> None:
        self._control = control
        self._listener = listener
        self._readers: dict[int, tuple[socket.socket, channel.Reader]] = {}
        self._owner: dict[int, socket.socket] = {}
        """Who asked for each living process: that one is told its end."""
        self._hung_up: dict[int, float] = {}
        """Leaders of sessions that were hung up, and when what is left of them is killed (`time.monotonic`)."""
        self._poll = select.poll()
        self._wake, wake = os.pipe()
        for fd in (self._wake, wake):
            os.set_blocking(fd, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> None:
        """Return when the control socket closes."""
        self._add(self._control)
        self._poll.register(self._wake, select.POLLIN)
        if self._listener:
            self._poll.register(self._listener, select.POLLIN)
        while True:
            for fd, _ in self._poll.poll(self._kill_left_over()):
                if fd == self._wake:
                    os.read(self._wake, 4096)
                    self._reap()
                elif self._listener and fd == self._listener.fileno():
                    with contextlib.suppress(OSError):
                        self._add(self._listener.accept()[0])
                elif fd in self._readers and not self._receive(*self._readers[fd]):
                    return

    def _add(self, sock: socket.socket) -> None:
        self._readers[sock.fileno()] = (sock, channel.Reader(sock))
        self._poll.register(sock, select.POLLIN)

    def _receive(self, sock: socket.socket, reader: channel.Reader) -> bool:
        """Handle what arrived on `sock`; False when it was the control socket and is gone."""
        try:
            for message, _ in reader.read():
                if message.get("do") == "spawn":
                    self._spawn(sock, message)
                elif message.get("do") == "signal" and message.get("pid") in self._owner:
                    _signal_session(int(message["pid"]), int(message["signal"]))
                elif message.get("do") == "hang-up" and message.get("pid") in self._owner:
                    self._hang_up(int(message["pid"]))
                elif message.get("do") == "list":
                    commands, jobs = _running(int(message["pid"])) if message.get("pid") in self._owner else ([], [])
                    answer = {"did": "list", "request": message["request"], "commands": commands, "jobs": jobs}
                    channel.send(sock, answer)
                elif message.get("do") == "ports":
                    found = ports.programs(os.getpid())
                    channel.send(sock, {"did": "ports", "request": message["request"], "ports": found})
        except BlockingIOError:
            pass
        except (channel.BrokenError, OSError):
            return self._drop(sock)
        return True

    def _hang_up(self, leader: int) -> None:
        for number in (signal.SIGHUP, signal.SIGCONT):
            _signal_session(leader, number)
        self._hung_up[leader] = time.monotonic() + _GRACE

    def _kill_left_over(self) -> float | None:
        """Kill sessions whose grace is over; return the milliseconds until the next one's is, None without one."""
        now = time.monotonic()
        for leader in [leader for leader, due in self._hung_up.items() if due <= now]:
            del self._hung_up[leader]
            _signal_session(leader, signal.SIGKILL)
        return 1 + 1000 * (min(self._hung_up.values()) - now) if self._hung_up else None

    def _drop(self, sock: socket.socket) -> bool:
        if sock is self._control:
            return False
        self._poll.unregister(sock)
        del self._readers[sock.fileno()]
        for pid, owner in list(self._owner.items()):
            if owner is sock:
                _signal_session(pid, signal.SIGKILL)
        sock.close()
        return True

    def _spawn(self, sock: socket.socket, message: channel.Message) -> None:
        request = message["request"]
        try:
            pid, output = start(message["command"], message["folder"], message["environment"], message["size"])
        except OSError as error:
            channel.send(sock, {"did": "fail", "request": request, "sentence": _sentence(error, message)})
            return
        self._owner[pid] = sock
        self._hung_up.pop(pid, None)
        try:
            channel.send(sock, {"did": "spawn", "request": request, "pid": pid}, output)
        finally:
            os.close(output)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            owner = self._owner.pop(pid, None)
            if owner is not None and owner.fileno() >= 0:
                code = os.waitstatus_to_exitcode(status)
                with contextlib.suppress(OSError):
                    channel.send(owner, {"did": "exit", "pid": pid, "code": code if code >= 0 else 128 - code})


def start(command: list[str], folder: str, environment: dict[str, str], size: list[int] | None) -> tuple[int, int]:
    """Start a process in a session of its own; return its pid and the PTY's master, or its output's pipe.

    Raises OSError when the folder or the program is not there, or nothing more can be started.
    """
    if size:
        ours, theirs = pty.openpty()
        _resize(ours, *size)
    else:
        ours, theirs = os.pipe()
    outcome, report = os.pipe()
    try:
        pid = os.fork()
        if pid == 0:
            _become(command, folder, environment, theirs, report, terminal=bool(size))
    except OSError:
        os.close(ours)
        os.close(outcome)
        raise
    finally:
        os.close(theirs)
        os.close(report)
    with open(outcome, "rb") as pipe:  # noqa: PTH123 a descriptor, not a path
        failed = pipe.read()
    if failed:
        os.close(ours)
        number, where = struct.unpack("ii", failed)
        raise OSError(number, os.strerror(number), folder if where == 0 else command[0])
    return pid, ours


def _become(
    command: list[str], folder: str, environment: dict[str, str], theirs: int, report: int, *, terminal: bool
) -> None:
    """In the child: turn into `command`, or report why not and end. Never returns."""
    where = 0
    try:
        os.setsid()
        for number in range(1, signal.NSIG):
            with contextlib.suppress(OSError, ValueError):
                signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        os.chdir(folder)
        where = 1
        if terminal:
            _control_terminal(theirs)
            os.dup2(theirs, 0)
        else:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(theirs, 1)
        os.dup2(theirs, 2)
        environment = {**os.environ, **environment, "PWD": folder}
        if terminal:
            # Programs believe these instead of the terminal, whose size changes (ncurses(3), use_env).
            for name in ("LINES", "COLUMNS"):
                environment.pop(name, None)
        os.execvpe(command[0], command, environment)  # noqa: S606 no shell: the command is a list
    except OSError as error:
        os.write(report, struct.pack("ii", error.errno or errno.EIO, where))
    finally:
        os._exit(127)


def _control_terminal(fd: int) -> None:
    import fcntl  # noqa: PLC0415 only in the child
    import termios  # noqa: PLC0415

    fcntl.ioctl(fd, termios.TIOCSCTTY, 0)


def _resize(fd: int, columns: int, rows: int) -> None:
    import fcntl  # noqa: PLC0415
    import termios  # noqa: PLC0415

    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def _signal_session(leader: int, number: int) -> None:
    """Send a signal to every process whose session `leader` began (where there is no /proc: to its process group)."""
    told: set[int] = set()
    for _ in range(_ROUNDS if number == signal.SIGKILL else 1):
        fresh = _session(leader).keys() - told
        for pid in fresh:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        told |= fresh
        if not fresh:
            break
    if not told:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, number)


def _session(leader: int) -> dict[int, tuple[int, int]]:
    """Return the processes of the session that `leader` began: by number, their parent and start (proc(5))."""
    members = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = (entry / "stat").read_bytes().rpartition(b")")[2].split()
            if int(fields[3]) == leader:
                members[int(entry.name)] = int(fields[1]), int(fields[19])
    return members


def _running(leader: int) -> tuple[list[str], list[tuple[int, int, str]]]:
    """Return the command lines of the session's processes other than its leader, oldest first, shortened; and its jobs.

    A job is a process that no other of these began: its number, its age in milliseconds, its command line.
    """
    commands: list[str] = []
    jobs: list[tuple[int, int, str]] = []
    members = _session(leader)
    for pid, (parent, start) in sorted(members.items()):
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
            if pid != leader and words != [b""]:
                commands.append(b" ".join(words).decode("utf-8", "replace")[:200])
                if parent == leader or parent not in members:
                    age = time.clock_gettime(time.CLOCK_BOOTTIME) - start / os.sysconf("SC_CLK_TCK")
                    jobs.append((pid, int(age * 1000), commands[-1]))
    return commands[:20], jobs[:20]


def _sentence(error: OSError, message: channel.Message) -> str:
    if error.errno == errno.EAGAIN:
        return "The machine runs as many processes as it may. End some of them, then try again."
    if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOSPC):
        return "The machine has as many terminals open as it may. Close some of them, then try again."
    if error.filename == message["folder"]:
        return f"The folder {message['folder']} cannot be entered: {os.strerror(error.errno or 0)}."
    return f"{message['command'][0]} cannot be started: {os.strerror(error.errno or 0)}."


def main(arguments: list[str]) -> None:
    """Run as the init: `--control=FD`, `--listener=FD`, `--processes=N`, `--files=N`, `--data=BYTES`."""
    options = dict(argument.removeprefix("--").split("=", 1) for argument in arguments)
    kernel.set_dumpable(False)
    if os.getpid() != 1:
        kernel.adopt_orphans()
    for name, limit in (
        ("processes", resource.RLIMIT_NPROC),
        ("files", resource.RLIMIT_NOFILE),
        ("data", resource.RLIMIT_DATA),
    ):
        if name in options:
            most = resource.getrlimit(limit)[1]
            value = int(options[name]) if most == resource.RLIM_INFINITY else min(int(options[name]), most)
            resource.setrlimit(limit, (value, value))
    sockets = []
    for name in ("control", "listener"):
        if name in options:
            sock = socket.socket(fileno=int(options[name]))
            sock.set_inheritable(False)
            sockets.append(sock)
    Init(*sockets).serve()
    end_everything()


def end_everything() -> None:
    """Kill every descendant; process 1 need not, the kernel does it when its namespace ends."""
    if os.getpid() == 1:
        return
    while True:
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError, ValueError, IndexError):
                fields = (entry / "stat").read_bytes().rpartition(b")")[2].split()
                if int(fields[1]) == os.getpid():
                    os.kill(int(entry.name), signal.SIGKILL)
        try:
            os.wait()
        except ChildProcessError:
            return


if __name__ == "__main__":
    main(sys.argv[1:])
