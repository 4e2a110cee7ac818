"""A disk with no room left: everyone is told, what was there stays, and what was typed is saved once there is room."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pycrdt import Doc, Text

from coterie.wire.messages.documents import DocumentEdit, DocumentOpen, DocumentSaved
from tests.support.hub import Account, RunningHub

SIZE = 96 << 20
UNSHARE = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
SMALL_DISK = [*UNSHARE, "sh", "-c", f'mount -t tmpfs -o size={SIZE} none "$0" && exec "$@"']


@pytest.fixture
def ada() -> Iterator[Account]:
    """Somebody whose hub keeps everything on a small disk of its own."""
    if subprocess.run([*UNSHARE, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this system lets nobody mount a disk of their own")
    with tempfile.TemporaryDirectory(prefix="cot-") as folder:
        hub = RunningHub(Path(folder), {"COTERIE_DRIVER": "process"})
        hub.before = [*SMALL_DISK, folder]
        hub.start()
        try:
            yield hub.set_up()
        finally:
            hub.close()


def put(account: Account, workspace: str, name: str, size: int) -> tuple[int, str]:
    """Upload a file of that size; return the status and what the person is told."""
    answer = account.http.put(f"/api/v1/workspaces/{workspace}/files/{name}", content=b"x" * size)
    return answer.status_code, answer.json()["sentence"] if answer.content else ""


def read(account: Account, workspace: str, name: str) -> bytes:
    return account.http.get(f"/api/v1/workspaces/{workspace}/files/{name}").content


def fill(account: Account, workspace: str) -> None:
    """Leave not one block free."""
    piece, count = 8 << 20, 0
    while piece >= 1024:
        status, told = put(account, workspace, f"filler-{count}", piece)
        if status == 507:
            assert "The disk is full" in told
            piece //= 2
        else:
            assert status == 201, told
            count += 1


async def test_disk_full(ada: Account) -> None:
    workspace = ada.post("/workspaces", {"name": "small", "source": {"kind": "blank"}})["id"]
    ada.until(workspace, "running")
    assert ada.http.put(f"/api/v1/workspaces/{workspace}/files/notes.txt", content=b"before\n").status_code == 201
    ada.http.put(f"/api/v1/workspaces/{workspace}/files/room", content=b"x" * (1 << 20)).raise_for_status()
    socket = await ada.open(workspace)
    opened = await socket.succeed(DocumentOpen(0, "notes.txt"))
    doc: Doc[Text] = Doc()
    doc.apply_update(opened.update)
    text = doc.get("text", type=Text)

    # What needs room is refused in words, and leaves everything as it was.
    fill(ada, workspace)
    status, told = put(ada, workspace, "notes.txt", 1 << 20)
    assert status == 507 and told == (
        "The disk is full. “notes.txt” was left as it was. Delete something and try again."
    )
    assert read(ada, workspace, "notes.txt") == b"before\n"
    layout = {"panes": "x" * 200_000}
    refused = ada.http.put(f"/api/v1/workspaces/{workspace}/layout", json=layout)
    assert refused.status_code == 507 and "full" in refused.json()["sentence"]
    assert ada.get(f"/workspaces/{workspace}/layout") is None

    # Typing goes on; the page is told that it is not saved, and why.
    known = doc.get_state()
    text += "typed on a full disk\n" * 2000
    socket.send(DocumentEdit(opened.document, 1, doc.get_update(known)))
    unsaved = await socket.wait(DocumentSaved, lambda saved: not saved.saved)
    assert "disk is full" in unsaved.problem
    assert read(ada, workspace, "notes.txt") == b"before\n"

    # Once there is room everything is as it was typed.
    seen = len(socket.messages)
    ada.http.put(f"/api/v1/workspaces/{workspace}/files/room", content=b"").raise_for_status()
    for number in range(3):
        ada.http.put(f"/api/v1/workspaces/{workspace}/files/filler-{number}", content=b"").raise_for_status()
    await socket.until(lambda: any(isinstance(m, DocumentSaved) and m.saved for m in socket.messages[seen:]))
    assert read(ada, workspace, "notes.txt").decode() == str(text) == "before\n" + "typed on a full disk\n" * 2000
    assert ada.http.put(f"/api/v1/workspaces/{workspace}/layout", json=layout).status_code == 204
    socket.close()
