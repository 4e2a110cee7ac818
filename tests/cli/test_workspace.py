"""`coterie workspace …` against a real hub."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

from tests.cli.conftest import Coterie
from tests.support.git_server import GitServer
from tests.support.hub import Account, RunningHub


def test_a_life(coterie: Coterie, hub: RunningHub, ada: Account, tmp_path: Path) -> None:
    with GitServer(tmp_path) as server:
        server.add("calc", {"calc.py": "x = 1\n"})
        made = coterie("workspace", "create", "calc", "--git", server.url("calc"), "--wait")
    assert made.returncode == 0, made.stderr
    assert f"calc is running: {hub.address}/w/" in made.stdout
    listed = json.loads(coterie("workspace", "list", "--json").stdout)
    [calc] = [w for w in listed if w["name"] == "calc"]
    assert calc["state"] == "running" and calc["source"]["kind"] == "git"
    assert calc["id"] in coterie("workspace", "list").stdout
    assert coterie("workspace", "open", "calc", "--print").stdout.strip() == f"{hub.address}/w/{calc['id']}"
    logs = coterie("workspace", "logs", "calc").stdout
    assert "Cloned" in logs and "Running" in logs
    stopped = coterie("workspace", "stop", "calc", "--wait")
    assert (stopped.returncode, stopped.stdout) == (0, "calc is stopped.\n")
    assert coterie("workspace", "start", calc["id"], "--wait").returncode == 0
    assert coterie("workspace", "delete", "calc", typed="no\n").returncode == 1
    assert coterie("workspace", "delete", "calc", typed="calc\n").returncode == 0
    assert "calc" not in [w["name"] for w in json.loads(coterie("workspace", "list", "--json").stdout)]


def test_from_an_archive(coterie: Coterie, ada: Account, tmp_path: Path) -> None:
    archive = tmp_path / "notes.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        info = tarfile.TarInfo("notes/a.txt")
        info.size = 2
        tar.addfile(info, io.BytesIO(b"hi"))
    made = coterie("workspace", "create", "notes", "--archive", str(archive), "--wait", "--json")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["state"] == "running"
    assert coterie("workspace", "delete", "notes", "--confirm", "notes").returncode == 0


def test_a_hostile_archive_is_refused_whole(coterie: Coterie, tmp_path: Path) -> None:
    archive = tmp_path / "evil.tar"
    with tarfile.open(archive, "w") as tar:
        tar.addfile(tarfile.TarInfo("../evil"))
    made = coterie("workspace", "create", "evil", "--archive", str(archive))
    assert made.returncode == 1 and "was refused" in made.stderr
    assert "evil" not in coterie("workspace", "list").stdout


def test_a_clone_that_fails_says_why(coterie: Coterie, tmp_path: Path) -> None:
    with GitServer(tmp_path) as server:
        server.add("secret", {"a": "1"}, private=True)
        made = coterie("workspace", "create", "secret", "--git", server.url("secret"), "--wait")
    assert made.returncode == 1
    assert "private or does not exist" in made.stderr and "coterie workspace logs" in made.stderr
    assert coterie("workspace", "delete", "secret", "--confirm", "secret").returncode == 0


def test_names(coterie: Coterie) -> None:
    gone = coterie("workspace", "start", "nothing")
    assert gone.returncode == 1 and "You have no workspace 'nothing'" in gone.stderr
    assert coterie("workspace", "create", "x", "--branch", "y").returncode == 2
    assert coterie("workspace", "create", "").returncode == 1
