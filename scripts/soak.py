"""Runs the property tests again and again, each time with new random cases, for a bounded time."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent

EXAMPLES = "600"
"""Cases of the interleavings in each round: four times those of a plain test run."""


def main(arguments: list[str]) -> int:
    """Repeat for the minutes given (10); 1 at the first failure, whose case is printed. The last round is finished."""
    minutes = float(arguments[0]) if arguments else 10.0
    until = time.monotonic() + minutes * 60
    # The default profile draws new cases each time, also where the environment says CI.
    command = [sys.executable, "-m", "pytest", "-q", "-m", "hypothesis", "--hypothesis-profile", "default"]
    # Machines of many steps are bounded by their own number, so that a plain test run is short.
    environment = {"COTERIE_EXAMPLES": EXAMPLES, **os.environ}
    rounds = 0
    while time.monotonic() < until:
        rounds += 1
        seed = secrets.randbelow(1 << 32)
        print(f"── round {rounds}, seed {seed}", flush=True)
        if subprocess.run([*command, f"--hypothesis-seed={seed}"], cwd=ROOT, env=environment, check=False).returncode:
            return 1
    print(f"── {rounds} rounds in {minutes:g} minutes, nothing found")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
