"""`coterie admin …`: accounts and invitations, from the machine that the hub runs on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from coterie.cli.output import as_json, say, table

app = typer.Typer(
    help="Manage accounts, on the machine and with the settings of the hub. A hub that runs acts on it at once.",
    no_args_is_help=True,
)

Data = Annotated[
    Path | None, typer.Option("--data", help="The hub's data directory.", envvar="COTERIE_DATA", show_default="data")
]
Username = Annotated[str, typer.Argument(help="Username of the account.", show_default=False)]


@app.command()
def create_user(
    username: Username,
    display_name: Annotated[str, typer.Option(help="Name that others see; the username unless given.")] = "",
    administrator: Annotated[bool, typer.Option("--administrator", help="Make an administrator.")] = False,
    data: Data = None,
) -> None:
    """Make an account. Asks for the password; from a pipe, reads it as one line."""
    from coterie.cli import office

    office.create_user(data, username, display_name or username, _password(), administrator)
    say(f"Made the account {username}.")


@app.command()
def reset_password(username: Username, data: Data = None) -> None:
    """Give an account a new password; all its logins end. Asks for it; from a pipe, reads it as one line."""
    from coterie.cli import office

    office.reset_password(data, username, _password())
    say(f"{username} has a new password, and is signed out everywhere.")


@app.command()
def disable(username: Username, data: Data = None) -> None:
    """Shut an account out: its logins and connections end at once. What it owns stays."""
    from coterie.cli import office

    office.set_disabled(data, username, True)
    say(f"{username} is disabled.")


@app.command()
def enable(username: Username, data: Data = None) -> None:
    """Let a disabled account in again."""
    from coterie.cli import office

    office.set_disabled(data, username, False)
    say(f"{username} is enabled.")


@app.command("list")
def list_(
    json: Annotated[bool, typer.Option("--json", help="Write JSON, for programs.")] = False, data: Data = None
) -> None:
    """List the accounts."""
    from coterie.cli import office

    users = office.users(data)
    if json:
        fields = ("id", "username", "display_name", "administrator", "disabled", "created", "last_seen")
        as_json([{field: getattr(user, field) for field in fields} for user in users])
        return
    rows = []
    for user in users:
        marks = [word for word in ("administrator", "disabled") if getattr(user, word)]
        seen = f"{user.last_seen:%Y-%m-%d %H:%M}" if user.last_seen else "never"
        rows.append([user.username, user.display_name, ", ".join(marks), seen])
    table(["USERNAME", "NAME", "", "LAST SEEN (UTC)"], rows)


@app.command()
def invite(
    days: Annotated[int, typer.Option(min=1, max=365, help="Days the link works.")] = 7,
    uses: Annotated[int, typer.Option(min=1, max=1000, help="How many people may use it.")] = 1,
    note: Annotated[str, typer.Option(help="Whom it is for; administrators see it.")] = "",
    data: Data = None,
) -> None:
    """Print a link with which somebody can make an account. It names the first administrator as who invites."""
    from coterie.cli import office

    say(office.invite(data, note, days, uses))


@app.command()
def setup_link(data: Data = None) -> None:
    """Print a new one-time link for the first administrator; earlier ones die."""
    from coterie.cli import office

    say(office.setup_link(data))


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
