"""`coterie admin …` beside a running hub, which acts on it at once."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Coterie, command
from tests.support.hub import PASSWORD, Account, RunningHub


@pytest.fixture
def admin(hub: RunningHub, tmp_path: Path) -> Coterie:
    """`coterie admin` over the hub's data directory."""
    run = command(tmp_path)
    where = {"COTERIE_DATA": str(hub.data), "COTERIE_PUBLIC_URL": hub.address, "COTERIE_DRIVER": "process"}
    return lambda *arguments, **options: run("admin", *arguments, **where, **options)


def test_accounts(admin: Coterie, hub: RunningHub, ada: Account) -> None:
    made = admin("create-user", "grace", "--display-name", "Grace Hopper", typed=PASSWORD + "\n")
    assert made.returncode == 0, made.stderr
    grace = Account(hub, "grace")
    grace.sign_in()
    assert grace.get("/me")["display_name"] == "Grace Hopper"
    assert "taken" in admin("create-user", "grace", typed=PASSWORD + "\n").stderr
    assert admin("create-user", "Not A Name", typed=PASSWORD + "\n").returncode == 1
    assert admin("create-user", "short", typed="1234\n").returncode == 1

    assert admin("reset-password", "grace", typed="another long one\n").returncode == 0
    with pytest.raises(RuntimeError, match="signed-out"):
        grace.get("/me")
    assert admin("reset-password", "nobody", typed=PASSWORD + "\n").returncode == 1

    users = {user["username"]: user for user in json.loads(admin("list", "--json").stdout)}
    assert users["ada"]["administrator"] and not users["grace"]["administrator"]
    assert "Grace Hopper" in admin("list").stdout


def test_disabling_ends_what_is_open(admin: Coterie, hub: RunningHub, ada: Account) -> None:
    assert admin("create-user", "alan", typed=PASSWORD + "\n").returncode == 0
    alan = Account(hub, "alan")
    alan.sign_in()
    with alan.http.stream("GET", "/api/v1/events", timeout=100) as events:
        lines = events.iter_lines()
        next(lines)
        assert admin("disable", "alan").returncode == 0
        # At once, and not when the hub asks the database the next time, which is in an hour.
        assert [line for line in lines if line.startswith("data:")]
    with pytest.raises(RuntimeError, match="disabled"):
        alan.sign_in()
    assert admin("enable", "alan").returncode == 0
    alan.sign_in()


def test_the_last_administrator_stays(admin: Coterie, ada: Account) -> None:
    done = admin("disable", "ada")
    assert done.returncode == 1 and "last administrator" in done.stderr
    link = admin("setup-link")
    assert link.returncode == 1 and "an administrator already" in link.stderr


def test_invite(admin: Coterie, hub: RunningHub, ada: Account) -> None:
    link = admin("invite", "--note", "for Joan").stdout.strip()
    assert link.startswith(f"{hub.address}/join#")
    body = {"token": link.partition("#")[2], "username": "joan", "display_name": "Joan", "password": PASSWORD}
    answer = httpx.post(f"{hub.address}/api/v1/register", json=body, headers={"origin": hub.address}, timeout=30)
    assert answer.is_success, answer.text


def test_no_data_directory(tmp_path: Path) -> None:
    done = command(tmp_path)("admin", "list", "--data", str(tmp_path / "nothing"))
    assert done.returncode == 4 and "no data directory" in done.stderr
    assert not (tmp_path / "nothing").exists()
