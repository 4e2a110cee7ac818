"""Runs the hub and Vite side by side; ends both when either ends."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main(arguments: list[str]) -> int:
    """Serve until one of the two ends or Ctrl-C."""
    hub = subprocess.Popen([sys.executable, "-m", "coterie", "serve", *arguments], cwd=ROOT)
    vite = subprocess.Popen(["npm", "run", "--silent", "dev"], cwd=ROOT / "web")
    with contextlib.suppress(KeyboardInterrupt):
        os.wait()
    for process in (vite, hub):
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    return hub.wait() or vite.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
