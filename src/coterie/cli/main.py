"""The `coterie` command: puts the subcommands together and turns errors into a sentence and an exit code."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from coterie import __version__
from coterie.cli import admin, login, logout, serve, workspace
from coterie.cli.output import complain
from coterie.wire.errors import CoterieError, ErrorCode

app = typer.Typer(
    name="coterie",
    help="Self-hosted workspaces that people share.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)
app.command("serve")(serve.serve)
app.command("login")(login.login)
app.command("logout")(logout.logout)
app.add_typer(workspace.app, name="workspace")
app.add_typer(admin.app, name="admin")

EXIT_CODES = {
    0: "It was done.",
    1: "It was refused or it failed; the sentence on standard error says why.",
    2: "The command line or a setting is not right.",
    3: "Not signed in, or the token is no longer good: run `coterie login`.",
    4: "The hub, or something it needs, cannot be reached.",
    130: "Stopped with Ctrl-C.",
}
"""What each exit code means, for the reference page."""

_EXITS = {ErrorCode.SIGNED_OUT: 3, ErrorCode.UNAVAILABLE: 4}


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"coterie {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Self-hosted workspaces that people share."""


def main() -> None:
    """Run the command that the arguments ask for, and end the process."""
    try:
        app()
    except CoterieError as error:
        complain(error.sentence)
        sys.exit(_EXITS.get(error.code, 1))
    except KeyboardInterrupt:
        sys.exit(130)
