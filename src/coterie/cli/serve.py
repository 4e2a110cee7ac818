"""`coterie serve`: the hub itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coterie.cli.operator import settings_from
from coterie.cli.output import say

if TYPE_CHECKING:
    from coterie.hub.settings import Settings


def serve(
    data: Annotated[
        Path | None, typer.Option(help="Directory of everything the hub keeps.", show_default="data")
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[
        int | None, typer.Option(help="Port to listen on; 0 takes a free one.", show_default="8000")
    ] = None,
    public_url: Annotated[str | None, typer.Option(help="Address that people open, behind a reverse proxy.")] = None,
    database_url: Annotated[
        str | None, typer.Option(help="postgresql://… instead of SQLite in the data directory.")
    ] = None,
    driver: Annotated[
        str | None, typer.Option(help="sandbox, or process: no isolation at all.", show_default="sandbox")
    ] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate chain (PEM), for HTTPS without a proxy.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Private key (PEM) of the certificate.")] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error.", show_default="info")] = None,
    log_format: Annotated[str | None, typer.Option(help="console or json.", show_default="console")] = None,
    stop_machines: Annotated[
        bool, typer.Option("--stop-machines", help="When the hub ends, stop all machines; otherwise they go on.")
    ] = False,
) -> None:
    """Run the hub until Ctrl-C or SIGTERM. Every option, and more, can be set as COTERIE_… in the environment.

    Prints its address, and as long as there is no administrator the one-time link to become the first.
    """
    settings = settings_from(
        data=data,
        host=host,
        port=port,
        public_url=public_url,
        database_url=database_url,
        driver=driver,
        tls_cert=tls_cert,
        tls_key=tls_key,
        log_level=log_level,
        log_format=log_format,
    )
    from coterie.hub import server

    server.run(settings, _started, stop_machines=stop_machines)


def _started(settings: Settings, link: str | None) -> None:
    if link:
        say(f"Become the first administrator (this link works once): {link}")
    say(f"Coterie is ready at {settings.address}")
