"""Resolves Python's dependencies anew into `requirements/`, with hashes and without naming where they come from."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent
UV = ROOT / ".make" / "uv"
LISTS = {"run": ["build"], "dev": ["build", "dev"]}
"""Each file holds the product's own dependencies and those of these groups of pyproject.toml."""


def main() -> int:
    """Write both files; 1 when the resolver refuses."""
    if not (UV / "bin" / "uv").exists():
        venv.create(UV, with_pip=True)
        subprocess.run([UV / "bin" / "python", "-m", "pip", "install", "--quiet", "uv"], check=True)
    for name, groups in LISTS.items():
        command = [
            str(UV / "bin" / "uv"),
            "pip",
            "compile",
            "pyproject.toml",
            "--universal",
            "--python-version",
            "3.11",
        ]
        command += [argument for group in groups for argument in ("--group", group)]
        command += ["--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--quiet"]
        command += ["--custom-compile-command", "make lock", "--output-file", f"requirements/{name}.txt", *sys.argv[1:]]
        if subprocess.run(command, cwd=ROOT, env=os.environ, check=False).returncode:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
