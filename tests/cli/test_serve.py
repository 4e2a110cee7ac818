"""`coterie serve`: what it prints, how it ends, and a sentence for each reason not to start."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer

from coterie.cli.operator import settings_from
from coterie.hub import server
from coterie.hub.app import create_app
from coterie.hub.settings import Settings
from coterie.wire.errors import CoterieError, ErrorCode
from tests.cli.conftest import command
from tests.support.hub import RunningHub, free_port


def refused(done: subprocess.CompletedProcess[str], code: int) -> str:
    """The one sentence that a refusal says, without a trace of Python."""
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return [line for line in done.stderr.splitlines() if line.startswith("coterie: ")][-1]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"registration": "maybe"}, "COTERIE_REGISTRATION"),
        ({"tls_cert": "x.pem"}, "tls_cert"),
        ({"public_url": "example.org"}, "https://"),
        ({"port": 70000}, "COTERIE_PORT"),
    ],
)
def test_settings_that_are_not_right(options: dict[str, Any], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended:
        settings_from(**options)
    assert ended.value.exit_code == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_that_cannot_be_had(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = socket.getaddrinfo

    def numbers_only(name: str, *arguments: Any, **options: Any) -> Any:
        """As a name service that knows no names, and is not asked: it may be far away, or silent."""
        return found(name, *arguments, **{**options, "flags": socket.AI_NUMERICHOST})

    monkeypatch.setattr(socket, "getaddrinfo", numbers_only)
    with pytest.raises(CoterieError, match="no address of this machine") as raised:
        server.listen(Settings(port=0, host=host))
    assert raised.value.code == ErrorCode.UNAVAILABLE


def test_no_isolation_only_on_this_machine(tmp_path: Path) -> None:
    for host in ("127.0.0.1", "::1", "localhost"):
        server.check(Settings(data=tmp_path, driver="process", host=host))
    for host in ("0.0.0.0", "::", "192.0.2.1"):
        with pytest.raises(CoterieError, match="this machine's own addresses"):
            server.check(Settings(data=tmp_path, driver="process", host=host))


def test_a_data_directory_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(CoterieError, match="cannot be used"):
        server.check(Settings(data=tmp_path / "data"))


def test_missing_bubblewrap(place: Path) -> None:
    done = command(place)("serve", "--data", str(place / "bare"), "--port", "0", PATH=str(place))
    told = refused(done, 1)
    assert "bubblewrap" in told and "process" in told


def test_port_in_use(place: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        told = refused(command(place)("serve", "--data", str(place / "bare"), "--port", str(port)), 4)
    assert f"Port {port} is already in use" in told and "--port" in told


def test_connections_are_kept_longer_than_by_clients_and_proxies(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    kept = server._configuration(create_app(settings), settings).timeout_keep_alive
    nginx = 60
    assert kept > max(httpx.Limits().keepalive_expiry or 0, nginx)


def test_certificates_that_cannot_be_used(place: Path) -> None:
    wrong = place / "c.pem"
    wrong.write_text("nonsense")
    options = ("--port", "0", "--driver", "process", "--tls-cert", str(wrong), "--tls-key", str(wrong))
    assert "certificate" in refused(command(place)("serve", "--data", str(place / "tls"), *options), 4)


def test_a_life(place: Path) -> None:
    hub = RunningHub(place / "life", {"COTERIE_DRIVER": "process"}).start()
    assert any("NO ISOLATION" in line for line in hub.output)
    first = hub.setup_link
    assert httpx.get(f"{hub.address}/healthz", timeout=30).is_success
    other = command(place)("serve", "--data", str(hub.data), "--driver", "process", "--port", "0")
    refused(other, 4)
    assert hub.stop() == 0

    hub.start()
    assert hub.setup_link != first
    ada = hub.set_up()
    try:
        made = ada.post("/workspaces", {"name": "calc", "source": {"kind": "blank"}})
        ada.until(made["id"], "running")
        assert hub.stop() == 0

        # Machines go on, unless they are not to.
        hub.output.clear()
        hub.arguments = ["--stop-machines"]
        hub.start()
        assert not any("/setup#" in line for line in hub.output)
        assert ada.get(f"/workspaces/{made['id']}")["state"] == "running"
        assert hub.stop() == 0
        hub.start()
        assert ada.get(f"/workspaces/{made['id']}")["state"] == "stopped"
    finally:
        hub.remove_machines(ada)
        hub.close()

    database = sqlite3.connect(hub.data / "coterie.db")
    with database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    newer = command(place)("serve", "--data", str(hub.data), "--driver", "process", "--port", str(free_port()))
    assert "newer Coterie" in refused(newer, 4)


def test_a_database_that_cannot_be_reached_says_why_in_the_log(place: Path) -> None:
    url = f"postgresql://coterie:s3cret@127.0.0.1:{free_port()}/coterie"
    done = command(place)(
        "serve", "--data", str(place / "bare"), "--port", "0", "--driver", "process", "--database-url", url
    )
    assert done.returncode != 0
    assert "Check COTERIE_DATABASE_URL" in done.stderr
    assert "Connect" in done.stderr.partition("the hub could not go on")[2], "the reason is in the log"
    assert "s3cret" not in done.stderr
