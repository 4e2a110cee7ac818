"""Settings come from the environment, are documented, and refuse what cannot work."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from coterie.hub.settings import Settings, documented


def test_every_setting_is_documented() -> None:
    for name, _, description in documented():
        assert name.startswith("COTERIE_") and len(description) > 20 and description.rstrip()[-1] in ".", name


def test_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COTERIE_DATA", str(tmp_path))
    monkeypatch.setenv("COTERIE_REGISTRATION", "open")
    settings = Settings()
    assert settings.data == tmp_path and settings.registration == "open"
    assert settings.database == f"sqlite+aiosqlite:///{tmp_path}/coterie.db"


@pytest.mark.parametrize(
    "options",
    [
        {"public_url": "hub.test"},
        {"public_url": "https://hub.test/coterie"},
        {"tls_cert": "cert.pem"},
        {"port": 70000},
        {"driver": "magic"},
        {"colour": "red"},
    ],
)
def test_what_cannot_work(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Settings(**options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "address", "secure"),
    [
        ({}, "http://127.0.0.1:8000", False),
        ({"host": "0.0.0.0", "port": 9}, "http://127.0.0.1:9", False),
        ({"host": "::1"}, "http://[::1]:8000", False),
        ({"tls_cert": "c", "tls_key": "k", "host": "hub.test"}, "https://hub.test:8000", True),
        ({"public_url": "https://hub.test/"}, "https://hub.test", True),
    ],
)
def test_addresses(options: dict[str, object], address: str, secure: bool) -> None:
    settings = Settings(**options)  # type: ignore[arg-type]
    assert (settings.address, settings.secure) == (address, secure)


def test_database_urls() -> None:
    assert Settings(database_url="postgres://u:p@h/d").database == "postgresql+asyncpg://u:p@h/d"
    assert Settings(database_url="postgresql://u@/d?host=/run").database == "postgresql+asyncpg://u@/d?host=/run"


def test_what_is_kept_of_terminals_is_bounded() -> None:
    assert Settings().terminal_keep == 2 << 20
    assert Settings(terminal_keep=64 << 10).terminal_keep == 64 << 10
    for size in (0, (64 << 10) - 1, (64 << 20) + 1):
        with pytest.raises(ValidationError):
            Settings(terminal_keep=size)
