"""Runs a workspace server: `python -m coterie.workspace`, with a `Launch` as JSON on standard input."""

from __future__ import annotations

import gc
import logging
import sys

import msgspec
import uvloop

from coterie.wire.launch import Launch
from coterie.workspace.app import serve


def main() -> int:
    """Run until told to stop; 0 once everything is saved, 2 for a launch that cannot be read."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    try:
        launch = msgspec.json.decode(sys.stdin.buffer.read(), type=Launch)
    except msgspec.MsgspecError as error:
        logging.getLogger("coterie.workspace").error("standard input is no launch: %s", error)
        return 2
    # What is loaded by now lives as long as the process: the collector need not look at it again.
    gc.freeze()
    uvloop.run(serve(launch))
    return 0


if __name__ == "__main__":
    sys.exit(main())
