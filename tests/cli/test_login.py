"""`coterie login`: with a password, with a token, and what is kept."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import Coterie, command
from tests.support.hub import PASSWORD, Account, RunningHub, free_port

pytestmark = pytest.mark.timeout(180)
"""Seconds: each test starts several programs, the first one a hub too."""


def test_with_a_password_a_token_is_kept(hub: RunningHub, ada: Account, tmp_path: Path) -> None:
    coterie = command(tmp_path)
    done = coterie("login", hub.address, "--username", "ada", typed=PASSWORD + "\n")
    assert done.returncode == 0, done.stderr
    assert f"Signed in to {hub.address} as ada." in done.stdout
    file = tmp_path / ".config" / "coterie" / "login.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    kept = json.loads(file.read_text())
    assert PASSWORD not in file.read_text()
    assert any(kept["token"].startswith(token["prefix"]) for token in ada.get("/me/tokens"))
    assert coterie("workspace", "list").returncode == 0


def test_with_a_token(hub: RunningHub, ada: Account, tmp_path: Path) -> None:
    token = ada.post("/me/tokens", {"name": "mine"})["token"]
    assert command(tmp_path)("login", hub.address, typed=token + "\n").returncode == 0
    other = command(tmp_path / "other")
    assert other("workspace", "list", COTERIE_URL=hub.address, COTERIE_TOKEN=token).returncode == 0


def test_what_is_not_right_is_not_kept(hub: RunningHub, ada: Account, tmp_path: Path) -> None:
    coterie = command(tmp_path)
    wrong = coterie("login", hub.address, "--username", "ada", typed="wrong\n")
    assert (wrong.returncode, wrong.stderr) == (1, "coterie: Username or password is not right.\n")
    assert coterie("login", hub.address, "--token", "nonsense").returncode == 3
    nobody = coterie("login", f"http://127.0.0.1:{free_port()}", "--token", "x")
    assert nobody.returncode == 4 and "does not answer" in nobody.stderr
    assert not (tmp_path / ".config").exists()
    assert coterie("workspace", "list").returncode == 3


def test_something_else_answers(tmp_path: Path, hub: RunningHub) -> None:
    done = command(tmp_path)("login", f"{hub.address}/elsewhere", "--token", "x")
    assert done.returncode in (1, 4) and "Traceback" not in done.stderr


def test_version_and_help(tmp_path: Path) -> None:
    coterie: Coterie = command(tmp_path)
    assert coterie("--version").stdout.startswith("coterie ")
    assert "workspace" in coterie("--help").stdout
    assert coterie("nonsense").returncode == 2
