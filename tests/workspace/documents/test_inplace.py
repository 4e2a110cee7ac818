"""Files that are overwritten where they are: whole again after any end."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from coterie.workspace.documents import disk, inplace
from coterie.workspace.paths import Root
from tests.workspace.documents.server import Server

KILLED_HALFWAY = """
import asyncio, os, signal, sys
from pathlib import Path
from coterie.workspace.documents import document, inplace
from tests.workspace.documents.server import Server

def half(fd, data):
    os.pwrite(fd, data[: int(sys.argv[2])], 0)
    os.kill(os.getpid(), signal.SIGKILL)

async def main():
    server = Server(Path(sys.argv[1]), made=True)
    await server.start()
    ada = await server.page("a.txt", "ada")
    await server.type(ada, 0, "typed before. ")
    inplace._put = half
    await server.document("a.txt").save()

asyncio.run(main())
"""
OLD = "".join(f"line {number}\n" for number in range(2000))


@pytest.mark.parametrize("written", [0, 1, 5000, 10_000_000])
async def test_a_save_that_was_killed_is_finished_at_the_next_start(tmp_path: Path, written: int) -> None:
    server = Server(tmp_path)
    path = server.files / "a.txt"
    path.write_text(OLD)
    os.link(path, server.files / "b.txt")
    child = await _run(tmp_path, written)
    assert child == -signal.SIGKILL
    torn = path.read_text()
    assert 0 < written < 10_000 or torn in (OLD, "typed before. " + OLD)
    assert not 0 < written < 10_000 or torn not in (OLD, "typed before. " + OLD)
    await server.start()
    if 0 < written < 10_000:
        assert path.read_text() == (server.files / "b.txt").read_text() == "typed before. " + OLD
    assert not list(tmp_path.glob("state/documents/*/saving"))
    page = await server.page("a.txt")
    assert page.text == "typed before. " + OLD
    await server.document("a.txt").save()
    assert path.read_text() == (server.files / "b.txt").read_text() == "typed before. " + OLD
    await server.end()


async def _run(folder: Path, written: int) -> int:
    command = [sys.executable, "-c", KILLED_HALFWAY, str(folder), str(written)]
    with subprocess.Popen(command) as child:
        return await asyncio.to_thread(child.wait, 60)


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    path = tmp_path / "files" / "a.txt"
    path.parent.mkdir()
    path.write_bytes(b"old " * 3000)
    os.link(path, path.parent / "b.txt")
    return path


def test_a_full_disk_halfway_brings_the_old_bytes_back(linked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, real = Root(linked.parent), os.pwrite
    known = disk.read(root, "a.txt")

    def full(fd: int, data: Any, at: int) -> int:
        if at + len(data) > 12_000:
            if at >= 5000:
                raise OSError(errno.ENOSPC, "No space left on device")
            data = data[:5000]
        return real(fd, data, at)

    monkeypatch.setattr(os, "pwrite", full)
    journal = linked.parent.parent / "saving"
    with pytest.raises(Exception, match="full"):
        disk.replace(root, "a.txt", b"new " * 4000, known.stamp, known.digest, journal, lambda _stamp: None)
    assert linked.read_bytes() == b"old " * 3000
    assert not journal.exists()
    root.close()


@pytest.mark.parametrize(
    ("now", "after"),
    [
        (b"new!" * 1024 + b"old " * 1024, b"new!" * 3000),
        (b"old " * 1024 + b"new!" * 1024 + bytes(4096), b"new!" * 3000),
        (b"new!" * 3000 + b"old " * 96, b"new!" * 3000),
        (b"old " * 3096, b"old " * 3096),
        (b"another program's\n", b"another program's\n"),
        (b"new!" * 1024 + b"another program's\n", b"new!" * 1024 + b"another program's\n"),
    ],
    ids=["bytes in order", "blocks in any order", "not cut off", "not begun", "another", "another's end"],
)
def test_what_is_torn_is_told_from_what_somebody_wrote(linked: Path, now: bytes, after: bytes) -> None:
    root, journal = Root(linked.parent), linked.parent.parent / "saving"
    old = b"old " * 3096
    linked.write_bytes(now)
    inplace._note(journal, inplace._Journal("a.txt", linked.stat().st_ino, old, b"new!" * 3000))
    inplace.finish(root, journal)
    assert linked.read_bytes() == after
    assert not journal.exists()
    root.close()


def test_a_journal_that_was_cut_short_says_that_nothing_was_begun(linked: Path) -> None:
    root, journal = Root(linked.parent), linked.parent.parent / "saving"
    inplace._note(journal, inplace._Journal("a.txt", linked.stat().st_ino, b"", b"new"))
    journal.write_bytes(journal.read_bytes()[:-1])
    assert not inplace.finish(root, journal)
    assert linked.read_bytes() == b"old " * 3000
    assert not journal.exists()
    root.close()
