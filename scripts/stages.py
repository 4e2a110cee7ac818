"""Runs the stages of `make check` and `make test`, each announced, timed, and stopping at the first that fails."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
PYTHON = sys.executable
CHECKS = [
    ("generated files", [PYTHON, "-m", "scripts.gen", "--check"], "."),
    ("ruff check", ["ruff", "check", "."], "."),
    ("ruff format", ["ruff", "format", "--check", "."], "."),
    ("mypy", ["mypy", "-p", "coterie", "-p", "tests", "-p", "scripts", "-p", "bench"], "."),
    ("imports", ["lint-imports"], "."),
    ("tsc", ["npm", "run", "--silent", "check"], "web"),
]
"""What has to be right before anything runs: name, command, folder."""
WEB_TESTS = ("vitest", ["npm", "run", "--silent", "test"], "web")
WORKERS = str(min(len(os.sched_getaffinity(0)) + 1, 8))
"""One more than cores: with no more than those, two of them were idle for a third of the time, as tests wait for
processes to start. Each worker may have a browser and a PostgreSQL."""
TESTS = [PYTHON, "-m", "pytest", "-n", WORKERS, "--dist", "loadfile", "--no-loadscope-reorder", "--durations", "10"]
"""A file's tests stay together, for they share servers and browsers; the files in the order of tests/conftest.py. The
slowest tests are named: one that passes only after a time-out is a fault."""


def run(name: str, command: list[str], folder: str) -> bool:
    """Run one stage; whether it passed."""
    print(f"── {name}: {' '.join(Path(command[0]).name if i == 0 else a for i, a in enumerate(command))}", flush=True)
    began = time.monotonic()
    passed = subprocess.run(command, cwd=ROOT / folder, stdin=subprocess.DEVNULL, check=False).returncode == 0
    print(f"── {name}: {'passed' if passed else 'FAILED'} in {time.monotonic() - began:.1f} s", flush=True)
    return passed


def main(which: str) -> int:
    """Run `check` or `test`; 1 when a stage failed. pytest comes last, so that its count is the last line."""
    for stage in [*CHECKS, *([WEB_TESTS] if which == "test" else [])]:
        if not run(*stage):
            return 1
    if which == "check":
        return 0
    print(f"── tests: {' '.join(['python', *TESTS[1:]])}", flush=True)
    return subprocess.run(TESTS, cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
