"""What a sandbox sees of the host, as bubblewrap arguments: read-only system directories and a selected /etc."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

_LINKED = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
"""Directories that are symbolic links into /usr on merged systems, and real ones on others."""

_ETC = (
    "alternatives",
    "bash.bashrc",
    "bash_completion.d",
    "ca-certificates",
    "ca-certificates.conf",
    "debian_version",
    "environment.d",
    "fonts",
    "groff",
    "inputrc",
    "java-*",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "locale.alias",
    "magic",
    "manpath.config",
    "mime.types",
    "nanorc",
    "os-release",
    "perl",
    "pki/ca-trust",
    "pki/tls/certs",
    "profile",
    "profile.d",
    "protocols",
    "python3*",
    "rpc",
    "services",
    "shells",
    "ssl/certs",
    "ssl/openssl.cnf",
    "terminfo",
    "timezone",
    "vim",
    "vimrc",
    "xdg",
)
"""What programs need of /etc. Never users, passwords, private keys, or what may hold credentials (pip, npm, git)."""


class Stage:
    """Names the directories that a sandbox binds, where the process that makes it may not reach them by their own path.

    A root hub's keeper becomes another user, and binds them below `root` before; otherwise paths stay as they are.
    """

    def __init__(self, root: str = "") -> None:
        self.root = root
        self.sources: list[str] = []

    def __call__(self, path: Path) -> str:
        """Return the path by which the sandbox's maker reaches `path`."""
        if not self.root:
            return os.fspath(path)
        if os.fspath(path) not in self.sources:
            self.sources.append(os.fspath(path))
        return f"{self.root}/{self.sources.index(os.fspath(path))}"


def system(made: Path, stage: Stage, temporary: int) -> list[str]:
    """Return the arguments for the system: /usr, a selected /etc with what is `made` for every machine, /proc, /dev.

    `temporary`: bytes that /tmp, /var/tmp and /run may each hold; they are kept in memory.
    """
    arguments = ["--ro-bind", "/usr", "/usr"]
    for name in _LINKED:
        path = Path(name)
        if path.is_symlink():
            arguments += ["--symlink", os.fspath(path.readlink()), name]
        elif path.is_dir():
            arguments += ["--ro-bind", name, name]
    for path in sorted(path for pattern in _ETC for path in Path("/etc").glob(pattern)):
        arguments += ["--ro-bind", os.fspath(path), os.fspath(path)]
    for path in sorted(made.iterdir()):
        arguments += ["--ro-bind", f"{stage(made)}/{path.name}", f"/etc/{path.name}"]
    arguments += ["--proc", "/proc", "--dev", "/dev", "--symlink", "/run", "/var/run"]
    for name, mode in (("/tmp", "1777"), ("/var/tmp", "1777"), ("/run", "0755")):  # noqa: S108 the sandbox's own
        arguments += ["--perms", mode, "--size", str(temporary), "--tmpfs", name]
    return arguments


def base_python() -> list[Path]:
    """Return the directories of the Python on which virtual environments in machines are based."""
    return outermost([Path(sys.base_prefix), Path(sys.base_prefix).resolve()])


def hub_python(package: Path) -> list[Path]:
    """Return the directories of the Python environment that the hub itself runs in, with our own `package`."""
    prefix = Path(sys.prefix)
    return outermost([*base_python(), prefix, prefix.resolve(), package])


def outermost(paths: Iterable[Path]) -> list[Path]:
    """Drop what is below another, and what the system's directories have already."""
    kept: list[Path] = [Path("/usr")]
    for path in sorted(paths, key=lambda path: len(path.parts)):
        if not any(path.is_relative_to(outer) for outer in kept):
            kept.append(path)
    return kept[1:]


def bind(paths: Iterable[Path], stage: Stage) -> list[str]:
    """Return the arguments that show `paths` read-only under their own names."""
    return [argument for path in paths for argument in ("--ro-bind", stage(path), os.fspath(path))]
