"""Runs the property tests again and again, each time with new random cases, for a bounded time."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent

EXAMPLES = "200"
"""Cases of the interleavings in each round."""


def main(arguments: list[str]) -> int:
    """Repeat for the minutes given (10); 1 at the first failure. The last round is cut when the time is over.

    A case is printed as it was found: shrinking may take longer than there is, and the seed finds it again.
    """
    minutes = float(arguments[0]) if arguments else 10.0
    until = time.monotonic() + minutes * 60
    rounds = total = 0
    while (left := until - time.monotonic()) > 0:
        rounds += 1
        seed = secrets.randbelow(1 << 32)
        code, output = _round(seed, left)
        cases = sum(int(one or other) for one, other in re.findall(r"(\d+) passing|over after (\d+)", output))
        total += cases
        cut = ", cut" if "the time is over" in output else ""
        print(f"── round {rounds}, seed {seed}: {cases} cases{cut}", flush=True)
        if code:
            print(output)
            print(f"── pytest -m hypothesis --hypothesis-seed={seed} with COTERIE_EXAMPLES={EXAMPLES} makes it small")
            return 1
    print(f"── {rounds} rounds and {total} cases in {minutes:g} minutes, nothing found")
    return 0


def _round(seed: int, seconds: float) -> tuple[int, str]:
    """Return pytest's exit code and what it printed; once the seconds are over no new case begins."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-m", "hypothesis", "--hypothesis-show-statistics"]
    process = subprocess.Popen(
        [*command, "--hypothesis-profile=soak", f"--hypothesis-seed={seed}"],
        cwd=ROOT,
        # Machines of many steps are bounded by their own number, so that a plain test run is short.
        env={"COTERIE_EXAMPLES": EXAMPLES, **os.environ, "COTERIE_UNTIL": str(time.time() + seconds)},
        stdout=subprocess.PIPE,
        text=True,
    )
    output, _ = process.communicate()
    return process.returncode, output


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
