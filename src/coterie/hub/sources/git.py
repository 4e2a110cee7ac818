"""Clones a stranger's repository with a git that trusts neither the repository nor the machine's configuration."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from coterie.hub.sources.remote import Remote, locate, parse, private
from coterie.wire.errors import CoterieError, ErrorCode

Log = Callable[[str], None]


@dataclass(frozen=True)
class CloneLimits:
    """How long a clone may take, in seconds, and how large its files may grow, in bytes."""

    seconds: float = 900.0
    size: int = 8 << 30


_CONFIGURATION = {
    "protocol.allow": "never",
    "http.followRedirects": "false",
    "http.proxy": "",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "60",
    "credential.helper": "",
    "core.askPass": "",
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "submodule.recurse": "false",
    "fetch.recurseSubmodules": "false",
    "transfer.bundleURI": "false",
    "filter.lfs.smudge": "",
    "filter.lfs.process": "",
    "filter.lfs.required": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "advice.detachedHead": "false",
}
"""Settings that outrank whatever a repository brings. Redirects are followed before git runs, by `remote.locate`."""

_BRANCH = re.compile(r"^(?![-./])(?!.*(?:\.\.|@\{|//))[^\s~^:?*\[\\\x00-\x20\x7f]{1,200}(?<![./])$")
_PRIVATE = ("Authentication failed", "could not read Username", "error: 401", "error: 403", "access denied")
_UNREACHABLE = (
    "Could not resolve",
    "Failed to connect",
    "Connection refused",
    "Connection timed out",
    "Operation timed out",
    "Operation too slow",
    "unable to connect",
    "unable to access",
    "RPC failed",
    "hung up unexpectedly",
    "early EOF",
)
_WATCH_EVERY = 1.0
"""Seconds between two looks at how large the clone has become."""

_DYING = 10.0
"""Seconds that what was killed may take to be gone."""

_TELL_EVERY = 0.5
"""Seconds between two lines of the same progress."""


async def clone(
    url: str, branch: str | None, into: Path, log: Log, *, allow_local: bool, limits: CloneLimits | None = None
) -> None:
    """Clone the repository at `url` into the empty directory `into`; on failure or cancellation `into` is empty again.

    `branch` None takes the repository's own. Submodules and LFS contents are left out, hooks never run, and credentials
    in `url` are used but neither logged nor kept. A proxy that the environment names is not used: connections go
    to the addresses that were checked. `allow_local` permits the hub's own machine, for tests and single-person use.

    Raises CoterieError: INVALID, GIT_UNREACHABLE, GIT_PRIVATE, GIT_FAILED, TOO_BIG, DISK_FULL.
    """
    limits = limits or CloneLimits()
    remote = parse(url)
    if branch and not _BRANCH.match(branch):
        raise CoterieError(ErrorCode.INVALID, f"{branch[:80]!r} cannot be the name of a branch.")
    log(f"Cloning {remote.url}" + (f", branch {branch}" if branch else ""))
    try:
        async with asyncio.timeout(limits.seconds):
            located = await locate(remote, allow_local=allow_local)
            await _run(remote, located, branch, into, log=log, limits=limits)
    except TimeoutError:
        await asyncio.to_thread(_empty, into)
        sentence = f"Cloning took longer than {limits.seconds / 60:.0f} minutes and was stopped."
        raise CoterieError(ErrorCode.GIT_FAILED, sentence) from None
    except BaseException:
        await asyncio.to_thread(_empty, into)
        raise
    log("Cloned")


async def _run(
    remote: Remote, located: Remote, branch: str | None, into: Path, *, log: Log, limits: CloneLimits
) -> None:
    command = ["git", "clone", "--progress", "--template=", "--no-recurse-submodules"]
    command += [f"--branch={branch}"] if branch else []
    command += ["--", remote.url, str(into)]
    environment = _environment(remote, located)
    process = await asyncio.create_subprocess_exec(
        *await asyncio.to_thread(_jailed, command, into, environment),
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    progress = _Progress(log, hidden=str(into))
    watching = asyncio.create_task(_outgrows(into, limits.size))
    reading = asyncio.create_task(progress.read(process))
    try:
        await asyncio.wait({watching, reading}, return_when=asyncio.FIRST_COMPLETED)
        if reading.done() and await process.wait():
            raise _failure(remote, branch, progress.complaints)
        if not reading.done() or await asyncio.to_thread(_size, into) > limits.size:
            sentence = f"The repository is larger than {limits.size >> 20} MiB, the most that is taken."
            raise CoterieError(ErrorCode.TOO_BIG, sentence)
    finally:
        watching.cancel()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        # In a sandbox more than this one runs, and dies after it. The last of them closes what is read.
        await asyncio.wait([reading], timeout=_DYING)
        reading.cancel()


def _environment(remote: Remote, located: Remote) -> dict[str, str]:
    """Everything git gets to know. Settings go through the environment: arguments can be read by other users."""
    base = located.url
    settings = {**_CONFIGURATION, f"protocol.{located.scheme}.allow": "always"}
    if located.scheme == "git":
        address = located.addresses[0]
        place = f"[{address}]" if ":" in address else address
        base = f"git://{place}:{located.port}{urlsplit(located.url).path}"
    elif located.addresses[0] != located.host:
        settings["http.curloptResolve"] = f"{located.host}:{located.port}:{','.join(located.addresses)}"
    if base != remote.url:
        # The clone remembers the address that the person gave.
        settings[f"url.{base}.insteadOf"] = remote.url
    if located.authorization:
        settings["http.extraHeader"] = f"Authorization: {located.authorization}"
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.devnull,
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": located.scheme,
        "GIT_CONFIG_COUNT": str(len(settings)),
    }
    for number, (key, value) in enumerate(settings.items()):
        environment[f"GIT_CONFIG_KEY_{number}"] = key
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO"):
        if name in os.environ:
            environment[name] = os.environ[name]
    return environment


@functools.cache
def _bubblewrap() -> str | None:
    """Bubblewrap's path where it works and git is among the directories that are shown inside."""
    path, git = shutil.which("bwrap"), shutil.which("git")
    if not path or not git or not os.path.realpath(git).startswith("/usr/"):
        return None
    trial = [path, "--ro-bind", "/", "/", "--unshare-pid", "--proc", "/proc", "true"]
    return path if subprocess.run(trial, capture_output=True, check=False, timeout=10).returncode == 0 else None


def _jailed(command: list[str], into: Path, environment: dict[str, str]) -> list[str]:
    """The command in a sandbox of system directories (read-only) and `into`; as it is where that is impossible."""
    bubblewrap = _bubblewrap()
    if bubblewrap is None:
        return command
    arguments = [bubblewrap, "--unshare-all", "--share-net", "--die-with-parent", "--new-session"]
    arguments += ["--ro-bind", "/usr", "/usr", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]  # noqa: S108
    for name in ("bin", "lib", "lib64", "sbin"):
        target = Path("/") / name
        arguments += (
            ["--symlink", f"usr/{name}", f"/{name}"] if target.is_symlink() else ["--ro-bind-try", *[str(target)] * 2]
        )
    shown = ["/etc/ssl", "/etc/pki", "/etc/ca-certificates", "/etc/passwd", "/etc/nsswitch.conf"]
    shown += [environment[name] for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO") if name in environment]
    for path in shown:
        arguments += ["--ro-bind-try", path, path]
    return [*arguments, "--bind", str(into), str(into), "--chdir", "/", "--", *command]


class _Progress:
    """Turns git's standard error into lines for the log and remembers what it complains about."""

    def __init__(self, log: Log, hidden: str) -> None:
        self.complaints: list[str] = []
        self._log = log
        self._hidden = hidden
        self._next = 0.0
        self._held = ""
        """The latest progress that came too soon after the one before; it is told if nothing follows it."""

    async def read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr
        rest = b""
        while True:
            try:
                async with asyncio.timeout(_TELL_EVERY if self._held else None):
                    chunk = await process.stderr.read(4096)
            except TimeoutError:
                self._say(self._held)
                continue
            if not chunk:
                break
            *lines, rest = re.split(rb"(?<=[\r\n])", (rest + chunk)[-65536:])
            for line in lines:
                self._take(line)
        self._take(rest)

    def _take(self, line: bytes) -> None:
        text = "".join(c if c.isprintable() else " " for c in line.decode(errors="replace")).strip()[:300]
        if not text or self._hidden in text or text.startswith("Cloning into"):
            return
        if text.startswith(("fatal:", "error:", "remote:", "warning: Could not")):
            self.complaints = [*self.complaints[-49:], text]
        if line.endswith(b"\r"):
            if time.monotonic() < self._next:
                self._held = text
                return
            self._next = time.monotonic() + _TELL_EVERY
        self._say(text)

    def _say(self, text: str) -> None:
        self._held = ""
        self._log(text)


def _failure(remote: Remote, branch: str | None, complaints: list[str]) -> CoterieError:
    told = "\n".join(complaints)
    if "No space left on device" in told or "Disk quota exceeded" in told:
        return CoterieError(ErrorCode.DISK_FULL, "The server's disk is full, so the repository was not cloned.", told)
    if "Remote branch" in told and "not found" in told:
        sentence = f"There is no branch {branch} in {remote.url}. Check its name, or leave it out."
        return CoterieError(ErrorCode.GIT_FAILED, sentence, told)
    if any(sign in told for sign in _PRIVATE):
        return private(remote)
    if any(sign in told for sign in _UNREACHABLE):
        sentence = f"The connection to {remote.host} failed while cloning. Check the address, or try again later."
        return CoterieError(ErrorCode.GIT_UNREACHABLE, sentence, told)
    reason = next((line.partition(": ")[2] for line in complaints if line.startswith("fatal:")), "it gave no reason")
    return CoterieError(ErrorCode.GIT_FAILED, f"git could not clone {remote.url}: {reason}", told)


async def _outgrows(folder: Path, limit: int) -> None:
    """Return once the files below `folder` hold more than `limit` bytes."""
    while True:
        if await asyncio.to_thread(_size, folder) > limit:
            return
        await asyncio.sleep(_WATCH_EVERY)


def _size(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(f"{place}/{name}").st_size
    return total


def _empty(folder: Path) -> None:
    """Remove everything in `folder`, itself not."""
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path, ignore_errors=True)
        else:
            Path(entry.path).unlink(missing_ok=True)
