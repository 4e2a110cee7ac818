"""What every run of the tests has around it: a folder for temporary files of its own, and a look at what it leaves."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import Phase, settings

from tests.support.leftovers import left

FOLDER = pytest.StashKey[Path]()
LEFT = pytest.StashKey[list[str]]()

# A busy machine is no failure; every test has a time limit of its own. The cases are the same ones always.
settings.register_profile("coterie", deadline=None, derandomize=True, database=None)
settings.load_profile("coterie")
# New cases each time, also where the environment says CI; a failure is shown at once.
settings.register_profile(
    "soak", deadline=None, derandomize=False, database=None, phases=[Phase.explicit, Phase.generate]
)


UNTIL = float(os.environ.get("COTERIE_UNTIL", "inf"))
"""Unix time after which `make soak` begins no new case."""


def pytest_runtest_setup() -> None:
    """Skip what would begin too late."""
    if time.time() > UNTIL:
        pytest.skip("the time is over")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files whose tests may take longest: one that came last would keep one worker alone."""
    longest: dict[Path, float] = {}
    for item in items:
        mark = item.get_closest_marker("timeout")
        longest[item.path] = max(longest.get(item.path, 0.0), mark.args[0] if mark else 0.0)
    items.sort(key=lambda item: -longest[item.path])


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder. A worker's is that of the process that started it."""
    if hasattr(config, "workerinput"):
        return
    folder = Path(tempfile.mkdtemp(prefix="ct-"))
    folder.chmod(0o711)  # some tests run programs as other users
    config.stash[FOLDER] = folder
    os.environ["TMPDIR"] = tempfile.tempdir = os.fspath(folder)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run that leaves processes. What it wrote stays to be looked at when it failed."""
    folder = session.config.stash.get(FOLDER, None)
    if folder is None:
        return
    session.config.stash[LEFT] = left(folder)
    if session.config.stash[LEFT]:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    elif exitstatus == pytest.ExitCode.OK:
        shutil.rmtree(folder, ignore_errors=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was left."""
    if found := config.stash.get(LEFT, []):
        terminalreporter.section("left running by this run", red=True)
        for line in found:
            terminalreporter.line(line)
