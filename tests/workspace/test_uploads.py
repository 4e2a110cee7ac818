"""What a killed workspace server leaves of an upload, the next one removes."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from coterie.wire import tickets
from coterie.workspace.files.listing import UPLOADING
from tests.support.waiting import wait_until
from tests.support.workspace import RunningWorkspace

FOREIGN = (f".0123456789abcdef{UPLOADING}", f"mine{UPLOADING}")
"""Names that look like an upload's, of files that are none."""


@pytest.fixture
def running() -> Iterator[RunningWorkspace]:
    with tempfile.TemporaryDirectory(prefix="cot-") as folder:
        workspace = RunningWorkspace(Path(folder)).start()
        yield workspace
        workspace.stop()


class Upload:
    """An upload to `sub/big` that stands still in the middle, until the server under it is killed."""

    def __init__(self, running: RunningWorkspace) -> None:
        self._running = running
        self._killed = threading.Event()
        self._thread = threading.Thread(target=self._put)

    def begin(self) -> list[Path]:
        """Return the unfinished files beside the target, once there are any."""
        self._thread.start()
        return wait_until(lambda: unfinished(self._running))

    def kill(self) -> None:
        """Kill the server."""
        self._running.kill()
        self._killed.set()
        self._thread.join()

    def _put(self) -> None:
        headers = {tickets.HEADER: self._running.header(self._running.ticket())}
        transport = httpx.HTTPTransport(uds=str(self._running.http))
        client = httpx.Client(transport=transport, base_url="http://workspace/files/", timeout=30)
        with client as http, pytest.raises(httpx.TransportError):
            http.put("sub/big", content=self._body(), headers=headers)

    def _body(self) -> Iterator[bytes]:
        yield b"new" * 100_000
        self._killed.wait(30)
        yield b"more"


def unfinished(running: RunningWorkspace) -> list[Path]:
    return [path for path in (running.files / "sub").glob(f"*{UPLOADING}") if path.name not in FOREIGN]


def test_the_next_start_removes_it(running: RunningWorkspace) -> None:
    sub = running.files / "sub"
    sub.mkdir()
    (sub / "big").write_text("old")
    for name in FOREIGN:
        (sub / name).write_text("mine")
    upload = Upload(running)
    assert len(upload.begin()) == 1
    upload.kill()
    assert len(unfinished(running)) == 1
    running.start()
    assert unfinished(running) == []
    assert (sub / "big").read_text() == "old"
    assert all((sub / name).read_text() == "mine" for name in FOREIGN)
    assert list((running.folder / "state" / "uploads").iterdir()) == []


def test_it_may_be_gone_already(running: RunningWorkspace) -> None:
    (running.files / "sub").mkdir()
    upload = Upload(running)
    upload.begin()
    upload.kill()
    shutil.rmtree(running.files / "sub")
    running.start()
    assert list((running.folder / "state" / "uploads").iterdir()) == []


def test_a_link_that_took_the_folders_place_is_not_followed_out(running: RunningWorkspace, tmp_path: Path) -> None:
    (running.files / "sub").mkdir()
    upload = Upload(running)
    (left,) = upload.begin()
    upload.kill()
    (tmp_path / left.name).write_text("somebody's")
    shutil.rmtree(running.files / "sub")
    (running.files / "sub").symlink_to(tmp_path)
    running.start()
    assert (tmp_path / left.name).read_text() == "somebody's"
