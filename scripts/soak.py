"""Runs the property tests again and again, each time with new random cases, for a bounded time."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main(arguments: list[str]) -> int:
    """Repeat for the minutes given (10); 1 at the first failure, whose case hypothesis keeps and prints."""
    minutes = float(arguments[0]) if arguments else 10.0
    until = time.monotonic() + minutes * 60
    # The default profile draws new cases each time, also where the environment says CI.
    command = [sys.executable, "-m", "pytest", "-q", "-m", "hypothesis", "--hypothesis-profile", "default"]
    rounds = 0
    while time.monotonic() < until:
        rounds += 1
        print(f"── round {rounds}", flush=True)
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            return 1
    print(f"── {rounds} rounds in {minutes:g} minutes, nothing found")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
