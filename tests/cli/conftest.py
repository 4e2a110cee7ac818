"""A running hub and a `coterie` command that is somebody's own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.hub import BY_NEWS_ALONE, PASSWORD, Account, RunningHub

Coterie = Callable[..., subprocess.CompletedProcess[str]]


def command(home: Path) -> Coterie:
    """Return a function that runs `coterie` as a person whose home directory is `home`."""

    def run(*arguments: str, typed: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("COTERIE_")}
        return subprocess.run(
            [sys.executable, "-m", "coterie", *arguments],
            input=typed,
            env={**kept, "HOME": str(home), "XDG_CONFIG_HOME": "", "COLUMNS": "200", **environment},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def place() -> Iterator[Path]:
    """A directory whose name is short: the paths of sockets below it have to fit."""
    with tempfile.TemporaryDirectory(prefix="coterie-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def hub(place: Path) -> Iterator[RunningHub]:
    running = RunningHub(place / "data", {"COTERIE_DRIVER": "process", "COTERIE_GIT_ALLOW_LOCAL": "1"})
    running.prelude = BY_NEWS_ALONE
    yield running.start()
    running.close()


@pytest.fixture(scope="session")
def ada(hub: RunningHub) -> Iterator[Account]:
    account = hub.set_up()
    yield account
    hub.remove_machines(account)


@pytest.fixture(scope="session")
def coterie(hub: RunningHub, ada: Account, place: Path) -> Coterie:
    """The command line, signed in as ada."""
    run = command(place)
    done = run("login", hub.address, "--username", "ada", typed=PASSWORD + "\n")
    assert done.returncode == 0, done.stderr
    assert PASSWORD not in done.stdout + done.stderr
    return run
