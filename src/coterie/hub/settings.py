"""The hub's settings: environment variables `COTERIE_…`, each documented in its description."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from coterie.wire.launch import TERMINAL_KEEP


class Settings(BaseSettings):
    """Everything an operator can choose. Sizes are in bytes, times in seconds unless a description says otherwise."""

    model_config = SettingsConfigDict(env_prefix="COTERIE_", extra="forbid", frozen=True)

    data: Path = Field(
        Path("data"), description="Directory of everything the hub keeps: database, keys and the workspaces' files."
    )
    host: str = Field("127.0.0.1", description="Address to listen on. `0.0.0.0` lets other machines in.")
    port: int = Field(8000, ge=0, le=65535, description="TCP port to listen on.")
    public_url: str = Field(
        "",
        description="Address that people open, such as `https://coterie.example.org`; needed behind a reverse proxy. "
        "Empty: the address the hub listens on, and pages are accepted from whatever name they were opened under.",
    )
    database_url: str = Field(
        "",
        description="Database, such as `postgresql://user:password@host/name`. Empty: SQLite in the data directory.",
    )
    tls_cert: Path | None = Field(None, description="Certificate chain (PEM), for HTTPS without a reverse proxy.")
    tls_key: Path | None = Field(None, description="Private key (PEM) of `tls_cert`.")
    trusted_proxies: str = Field(
        "127.0.0.1,::1",
        description="Addresses or networks, separated by commas, whose `X-Forwarded-For` and `X-Forwarded-Proto` are "
        "believed.",
    )

    ports_host: str = Field(
        "",
        description="Host below which web ports of workspaces are served, as `PORT--WORKSPACE.HOST`, such as "
        "`ports.example.org`; all its subdomains must lead here. Best a domain that is not the hub's own. Empty: the "
        "host of `public_url`, or `localhost`.",
    )

    registration: Literal["open", "closed"] = Field(
        "closed", description="`open` lets anyone make an account; `closed` only those who were invited."
    )
    login_days: int = Field(30, ge=1, le=365, description="Days after which a browser has to sign in again.")
    sign_in_tries: int = Field(
        10,
        ge=1,
        description="Failed sign-ins from one address as one username, and ten times as many from one address, before "
        "that address has to wait for `sign_in_pause`. After as many as one username from anywhere, every further one "
        "is answered some seconds later.",
    )
    sign_in_pause: int = Field(300, ge=1, description="Seconds over which failed sign-ins are counted.")

    driver: Literal["sandbox", "process"] = Field(
        "sandbox",
        description="How workspaces are isolated: `sandbox` (Linux, bubblewrap) or `process` (not at all: only for "
        "people who trust each other completely, and only on this machine's own addresses).",
    )
    sandbox_network: Literal["auto", "none", "host"] = Field(
        "auto",
        description="Outbound network of sandboxes: `auto` a network of their own where this system allows it and else "
        "none, `none`, or `host` the host's own network, its loopback included.",
    )
    workspace_memory: int = Field(4 << 30, ge=64 << 20, description="Memory of one workspace, all processes together.")
    workspace_processes: int = Field(512, ge=16, description="Processes and threads of one workspace.")
    workspace_open_files: int = Field(8192, ge=256, description="Files one process in a workspace may have open.")
    terminal_keep: int = Field(
        TERMINAL_KEEP,
        ge=64 << 10,
        le=64 << 20,
        description="Bytes of each terminal's last output that are kept: what somebody who comes later can scroll back "
        "to, and what is still there when the workspace starts again. Applies when a workspace starts.",
    )
    workspaces_per_user: int = Field(20, ge=1, description="Workspaces one person may own.")
    start_timeout: float = Field(60.0, gt=0, description="Seconds a machine may take to start.")
    stop_grace: float = Field(5.0, gt=0, description="Seconds a workspace has to save everything when it is stopped.")

    git_allow_local: bool = Field(
        False,
        description="Let workspaces be cloned from this machine itself, its network link and its cloud provider's own "
        "addresses too. Private networks are always allowed: whoever may make workspaces can reach git servers there.",
    )
    git_timeout: float = Field(600.0, gt=0, description="Seconds a clone may take.")
    archive_upload: int = Field(1 << 30, ge=1, description="Largest archive that may be uploaded.")
    archive_unpacked: int = Field(10 << 30, ge=1, description="Most that the files of one archive may have together.")
    archive_files: int = Field(200_000, ge=1, description="Most files and folders in one archive.")

    log_format: Literal["console", "json"] = Field("console", description="`json`: one object a line, for machines.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least important to log.")
    metrics: Literal["local", "open", "off"] = Field(
        "local",
        description="Who may read `/metrics`: `local` this machine and administrators' tokens, `open` anyone, `off` "
        "nobody.",
    )

    @field_validator("public_url")
    @classmethod
    def _origin(cls, value: str) -> str:
        value = value.rstrip("/")
        if value:
            parts = urlsplit(value)
            if parts.scheme not in ("http", "https") or not parts.netloc or parts.path or parts.query:
                raise ValueError("must look like https://coterie.example.org, without a path")
        return value

    @field_validator("ports_host")
    @classmethod
    def _host(cls, value: str) -> str:
        if value and (urlsplit(f"//{value}").netloc != value or value.startswith(".") or "@" in value):
            raise ValueError("must look like ports.example.org or ports.example.org:8443")
        return value.lower()

    @field_validator("data")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @model_validator(mode="after")
    def _pairs(self) -> Settings:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key go together")
        return self

    @property
    def secure(self) -> bool:
        """Whether people reach the hub over HTTPS, so that cookies may be limited to it."""
        return self.tls_cert is not None or self.public_url.startswith("https://")

    @property
    def address(self) -> str:
        """The address to print and to put into links."""
        if self.public_url:
            return self.public_url
        everywhere = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 to print, not to bind
        host = everywhere.get(self.host, f"[{self.host}]" if ":" in self.host else self.host)
        return f"{'https' if self.tls_cert else 'http'}://{host}:{self.port}"

    @property
    def database(self) -> str:
        """The database's URL, complete with the asynchronous driver that SQLAlchemy uses for it."""
        if not self.database_url:
            return f"sqlite+aiosqlite:///{self.data / 'coterie.db'}"
        scheme, _, rest = self.database_url.partition("://")
        known = {"postgres": "postgresql+asyncpg", "postgresql": "postgresql+asyncpg", "sqlite": "sqlite+aiosqlite"}
        return f"{known.get(scheme, scheme)}://{rest}"

    @property
    def workspaces(self) -> Path:
        """Directory of the workspaces' own directories."""
        return self.data / "workspaces"


def documented() -> list[tuple[str, Any, str]]:
    """Return every setting's environment variable, default and description, for the reference page."""
    return [
        (f"COTERIE_{name.upper()}", field.default, field.description or "")
        for name, field in Settings.model_fields.items()
    ]
