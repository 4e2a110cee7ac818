"""A file that is written anew, as a deleted one that is restored: at no moment is there a part of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from coterie.wire.errors import CoterieError
from coterie.workspace.documents import disk
from coterie.workspace.paths import Root

KILLED = """
import os, signal, sys
from pathlib import Path
from coterie.workspace.documents import disk
from coterie.workspace.paths import Root

folder, moment, system = Path(sys.argv[1]), sys.argv[2], sys.argv[3]

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def half(fd, data):
    os.write(fd, data[: len(data) // 2])
    die()

def forbidden(*_, **__):
    raise PermissionError(1, "Operation not permitted")

if system != "unnamed":
    del os.O_TMPFILE
if system in ("linked", "neither"):
    disk._rename = lambda *_: False
if system == "neither":
    os.link = forbidden
if moment == "writing":
    disk._write = half
elif moment == "synchronising":
    os.fsync = die
elif moment == "named":
    disk._stamp = die
disk.replace(Root(folder), "sub/a.txt", b"whole " * 1000, None, b"", folder / "journal", print, 0o640)
"""
WHOLE = b"whole " * 1000
SYSTEMS = ["unnamed", "renamed", "linked", "neither"]
"""What a file system can do."""


@pytest.fixture(params=SYSTEMS)
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    def forbidden(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    if request.param != "unnamed":
        monkeypatch.delattr(os, "O_TMPFILE")
    if request.param in ("linked", "neither"):
        monkeypatch.setattr(disk, "_rename", lambda *_: False)
    if request.param == "neither":
        monkeypatch.setattr(os, "link", forbidden)
    return str(request.param)


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Root]:
    made = Root(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("moment", ["writing", "synchronising", "named", "never"])
def test_after_a_kill_there_is_nothing_or_all(tmp_path: Path, moment: str, system: str) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, tmp_path, moment, system], check=False, timeout=60)
    assert done.returncode == (0 if moment == "never" else -signal.SIGKILL)
    path = tmp_path / "sub" / "a.txt"
    if moment in ("writing", "synchronising"):
        assert not path.exists()
    else:
        assert path.read_bytes() == WHOLE
        assert path.stat().st_mode & 0o7777 == 0o640
    if system == "unnamed" or moment == "never":
        assert all(one.name == "a.txt" for one in path.parent.iterdir()), "nothing is left lying about"


@pytest.mark.usefixtures("system")
def test_what_came_there_meanwhile_stays(tmp_path: Path, root: Root) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"another program's")
    with pytest.raises(CoterieError, match="exists"):
        disk.replace(root, "a.txt", WHOLE, None, b"", tmp_path / "journal", lambda _: None)
    assert path.read_bytes() == b"another program's"
    assert [one.name for one in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.usefixtures("system")
def test_on_a_full_disk_nothing_is_left(tmp_path: Path, root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_fd: int, _data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk, "_write", full)
    with pytest.raises(CoterieError, match="disk-full"):
        disk.replace(root, "a.txt", WHOLE, None, b"", tmp_path / "journal", lambda _: None)
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("system")
def test_a_file_is_saved(tmp_path: Path, root: Root) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    path.chmod(0o640)
    known = disk.read(root, "a.txt")
    disk.replace(root, "a.txt", WHOLE, known.stamp, known.digest, tmp_path / "journal", lambda _: None)
    assert path.read_bytes() == WHOLE
    assert path.stat().st_mode & 0o7777 == 0o640
    assert [one.name for one in tmp_path.iterdir()] == ["a.txt"]
