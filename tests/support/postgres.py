"""A PostgreSQL server of the tests' own: a throw-away directory, a Unix socket only, nothing kept on disk for long."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from tests.support.waiting import wait_until

WITHIN = 30.0
DURABLE_IS_SLOW = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]


def binaries() -> Path | None:
    """Return the directory with the newest server's programs, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    return next((path for path in [*found, Path("/usr/local/bin")] if (path / "initdb").exists()), None)


class Postgres:
    """One server. `fresh` gives an empty database's URL."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        # It refuses to run as root, and pytest's own directories are closed to others.
        self._user = _unprivileged() if os.getuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix="cot-pg-"))
        if self._user:
            shutil.chown(self._folder, self._user)
        self._count = 0
        # Nothing of the environment's language: a machine need not have it.
        options = ["-U", "coterie", "-A", "trust", "--no-sync", "-E", "UTF8", "--no-locale"]
        self._run("initdb", "-D", str(self._folder / "data"), *options)
        self._server = subprocess.Popen(
            [
                str(programs / "postgres"),
                *("-D", str(self._folder / "data"), "-k", str(self._folder), "-c", "listen_addresses="),
                *("-c", "shared_buffers=16MB", "-c", "max_connections=100", "-c", "autovacuum=off", *DURABLE_IS_SLOW),
            ],
            user=self._user,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait()

    def fresh(self) -> str:
        """Make an empty database and return its URL."""
        self._count += 1
        name = f"test{self._count}"
        self._run("createdb", "-h", str(self._folder), "-U", "coterie", name)
        return f"postgresql://coterie@/{name}?host={self._folder}"

    def stop(self) -> None:
        self._server.send_signal(signal.SIGINT)  # at once, whoever may be connected yet
        self._server.wait(WITHIN)
        # Some ten thousand files, which Python takes ten times as long for.
        subprocess.run(["rm", "-rf", str(self._folder)], check=False)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._programs / program), *arguments],
            user=self._user,
            cwd=self._folder,
            check=True,
            capture_output=True,
        )

    def _wait(self) -> None:
        ready = [str(self._programs / "pg_isready"), "-q", "-h", str(self._folder), "-U", "coterie"]

        def answers() -> bool:
            if self._server.poll() is not None:
                raise RuntimeError("PostgreSQL did not start")
            return subprocess.run(ready, check=False).returncode == 0

        wait_until(answers, WITHIN)


def _unprivileged() -> str:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise RuntimeError("no unprivileged user to run PostgreSQL as")
