"""Writes the OpenAPI document: `python -m coterie.hub.openapi FILE`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from coterie.hub.app import bare_app


def document() -> dict[str, Any]:
    """Return the OpenAPI document; no hub is started for it."""
    return bare_app().openapi()


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(document(), indent=1, sort_keys=True, ensure_ascii=False) + "\n")
