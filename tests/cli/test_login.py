"""`coterie login` and `logout`: with a password, with a token, and what is kept."""

from __future__ import annotations

import json
import stat
from pathlib import Path

from tests.cli.conftest import Coterie, command
from tests.support.hub import PASSWORD, Account, RunningHub, free_port


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


def test_signing_out_deletes_the_token_that_signing_in_made(hub: RunningHub, ada: Account, tmp_path: Path) -> None:
    coterie = command(tmp_path)
    assert coterie("login", hub.address, "--username", "ada", typed=PASSWORD + "\n").returncode == 0
    file = tmp_path / ".config" / "coterie" / "login.json"
    kept = json.loads(file.read_text())
    done = coterie("logout")
    assert (done.returncode, done.stdout) == (0, f"Signed out of {hub.address}.\n"), done.stderr
    assert not file.exists()
    assert kept["made"] not in [token["id"] for token in ada.get("/me/tokens")]
    assert coterie("workspace", "list", COTERIE_URL=hub.address, COTERIE_TOKEN=kept["token"]).returncode == 3
    assert coterie("logout").returncode == 3
    # Somebody deleted the token on the account page before.
    file.write_text(json.dumps(kept))
    assert coterie("logout").returncode == 0 and not file.exists()


def test_signing_out_leaves_a_token_that_was_made_by_hand(hub: RunningHub, ada: Account, tmp_path: Path) -> None:
    coterie = command(tmp_path)
    token = ada.post("/me/tokens", {"name": "by hand"})["token"]
    assert coterie("login", hub.address, typed=token + "\n").returncode == 0
    assert coterie("logout").returncode == 0
    assert not (tmp_path / ".config" / "coterie" / "login.json").exists()
    assert coterie("workspace", "list", COTERIE_URL=hub.address, COTERIE_TOKEN=token).returncode == 0


def test_signing_out_while_the_hub_is_away(hub: RunningHub, ada: Account, tmp_path: Path) -> None:
    file = tmp_path / ".config" / "coterie" / "login.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"url": f"http://127.0.0.1:{free_port()}", "token": "x", "made": "y"}))
    done = command(tmp_path)("logout")
    assert done.returncode == 4 and "still good" in done.stderr
    assert not file.exists()


def test_something_else_answers(tmp_path: Path, hub: RunningHub) -> None:
    done = command(tmp_path)("login", f"{hub.address}/elsewhere", "--token", "x")
    assert done.returncode in (1, 4) and "Traceback" not in done.stderr


def test_version_and_help(tmp_path: Path) -> None:
    coterie: Coterie = command(tmp_path)
    assert coterie("--version").stdout.startswith("coterie ")
    assert "workspace" in coterie("--help").stdout
    assert coterie("nonsense").returncode == 2
