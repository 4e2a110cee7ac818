"""Runs a workspace server: `python -m coterie.workspace`, with a `Launch` as JSON on standard input."""

from __future__ import annotations

import gc
import logging
import sys

import msgspec
import uvloop

from coterie.machine.init import LEFT
from coterie.wire.decoding import UNREADABLE
from coterie.wire.launch import Launch
from coterie.workspace.app import serve

_YOUNG = 20_000
"""Objects that are made between two looks of the collector. With Python's 700, a quarter of the time of taking in edits
went there (measured); this many take some two megabytes at most."""


def main() -> int:
    """Run until told to stop or left by the init; 0 or `LEFT` once all is saved, 2 for a launch that cannot be read."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    try:
        launch = msgspec.json.decode(sys.stdin.buffer.read(), type=Launch)
    except UNREADABLE as error:
        logging.getLogger("coterie.workspace").error("standard input is no launch: %s", error)
        return 2
    # What is loaded by now lives as long as the process: the collector need not look at it again.
    gc.freeze()
    gc.set_threshold(_YOUNG, 20, 20)
    return LEFT if uvloop.run(serve(launch)) else 0


if __name__ == "__main__":
    sys.exit(main())
