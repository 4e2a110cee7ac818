"""The home directory that a new workspace begins with: a virtual environment with pip, a shell's and git's settings.

It is made once per Python, because that takes seconds, and copied for each workspace. A spare copy is kept ready.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import importlib.util
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

logger = logging.getLogger(__name__)

_PLACEHOLDER = "/coterie-home"
"""Stands in the template's texts for the home directory that a copy is for."""

_FILES = {
    ".bashrc": r"""case $- in *i*) ;; *) return ;; esac
HISTCONTROL=ignoreboth
HISTSIZE=10000
shopt -s histappend checkwinsize
PS1='\[\e[1;34m\]\W\[\e[0m\] \$ '
alias ls='ls --color=auto' grep='grep --color=auto' ll='ls -l'
[ -r /usr/share/bash-completion/bash_completion ] && . /usr/share/bash-completion/bash_completion
""",
    ".profile": """PATH="$HOME/.venv/bin:$HOME/.local/bin:$PATH"
export VIRTUAL_ENV="$HOME/.venv"
[ -n "$BASH" ] && [ -r "$HOME/.bashrc" ] && . "$HOME/.bashrc"
""",
    ".gitconfig": """[init]
\tdefaultBranch = main
[safe]
\tdirectory = *
""",
}


class HomeTemplate:
    """Makes the template in `root` when first asked, and copies it."""

    def __init__(self, root: Path) -> None:
        key = hashlib.sha256(f"1 {sys.version} {sys.base_prefix} {_FILES}".encode()).hexdigest()[:16]
        self._root = root
        self._path = root / key
        self._spare = root / f"{key}.spare"
        self._lock = asyncio.Lock()

    async def prepare(self) -> None:
        """Make the template unless it is there; takes seconds."""
        async with self._lock:
            if not self._path.is_dir():
                await asyncio.to_thread(self._make)

    def make_spare(self) -> None:
        """Make the copy that the next workspace gets, unless there is one."""
        if self._spare.is_dir():
            return
        with tempfile.TemporaryDirectory(dir=self._root) as folder:
            self._copy(Path(folder) / "home")
            with contextlib.suppress(OSError):  # another one made it meanwhile
                (Path(folder) / "home").rename(self._spare)

    def _copy(self, home: Path) -> None:
        subprocess.run(["cp", "-a", "--reflink=auto", os.fspath(self._path), os.fspath(home)], check=True)

    def _make(self) -> None:
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._root) as folder:
            home = Path(folder) / "home"
            home.mkdir()
            for name, text in _FILES.items():
                (home / name).write_text(text)
            make_environment(home / ".venv")
            _replace(home, os.fspath(home), _PLACEHOLDER)
            try:
                home.rename(self._path)
            except OSError:
                if not self._path.is_dir():  # another hub on the same data was faster
                    raise

    def copy(self, home: Path, shown: str) -> None:
        """Make the directory `home`, which users' processes see as `shown`; no-op where it is there already."""
        if home.is_dir():
            return
        with tempfile.TemporaryDirectory(dir=self._root) as folder:
            made = Path(folder) / "home"
            try:
                self._spare.rename(made)
            except FileNotFoundError:
                self._copy(made)
            _replace(made, _PLACEHOLDER, shown)
            made.chmod(0o700)
            made.rename(home)


def make_environment(path: Path) -> None:
    """Make a virtual environment of the Python that the hub's own is based on."""
    python = getattr(sys, "_base_executable", sys.executable)
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "PIP_"))}
    command = [python, "-I", "-m", "venv", os.fspath(path)]
    found = importlib.util.find_spec("pip")
    # Copying the pip of the hub's own environment takes a tenth of the time that ensurepip takes, and works where
    # Debian's Python comes without ensurepip.
    if found is None or found.origin is None:
        if subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0:
            return
        logger.warning("There is no pip on this system; new workspaces begin without one.")
    subprocess.run([*command, "--clear", "--without-pip"], env=environment, capture_output=True, check=True)
    if found is None or found.origin is None:
        return
    packages = next(path.glob("lib/python*/site-packages"))
    pip = Path(found.origin).parent
    for source in (pip, *pip.parent.glob("pip-*.dist-info")):
        shutil.copytree(source, packages / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pip", "pip3"):
        script = path / "bin" / name
        script.write_text(
            f"#!{path}/bin/python\nimport sys\nfrom pip._internal.cli.main import main\nsys.exit(main())\n"
        )
        script.chmod(0o755)


def _replace(home: Path, old: str, new: str) -> None:
    """Replace a path in the environment's scripts."""
    for path in (home / ".venv" / "pyvenv.cfg", *(home / ".venv" / "bin").iterdir()):
        if path.is_symlink():
            continue
        content = path.read_bytes()
        if old.encode() in content:
            path.write_bytes(content.replace(old.encode(), new.encode()))
