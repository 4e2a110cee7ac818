"""`coterie login`: gets a personal access token and keeps it."""

from __future__ import annotations

import socket
import sys
from typing import Annotated

import typer

from coterie.cli import account
from coterie.cli.output import say
from coterie.client import Client
from coterie.client.types import CreatedToken

_DAYS = 365
"""How long a token lasts that was made by signing in."""


def login(
    url: Annotated[str, typer.Argument(help="Address of the Coterie, as in the browser.")],
    username: Annotated[str, typer.Option(help="Sign in with this username; the password is asked for.")] = "",
    token: Annotated[
        str, typer.Option(envvar="COTERIE_TOKEN", help="A personal access token, made on your account page.")
    ] = "",
) -> None:
    """Sign in, for all commands that follow.

    Asks for a personal access token, or without one for username and password, with which it makes one. The token is
    kept in coterie/login.json in your configuration directory (~/.config), readable by you only.
    """
    if "://" not in url:
        url = f"https://{url}"
    url = url.rstrip("/")
    if not token and not username:
        say("Make a token on your account page and paste it here, or press Enter to sign in with your password.")
        token = _hidden("Token")
    made = None
    if not token:
        made = _by_password(url, username or typer.prompt("Username"))
        token = made.token
    with Client(url, token) as client:
        me = client.me()
    account.save(account.Account(url, token, me.username, made.id if made else ""))
    say(f"Signed in to {url} as {me.username}.")


def _by_password(url: str, username: str) -> CreatedToken:
    password = _hidden("Password")
    with Client(url) as client:
        client.sign_in(username, password)
        made = client.create_token(f"coterie on {socket.gethostname()}"[:80], _DAYS)
        client.sign_out()
    return made


def _hidden(what: str) -> str:
    """Ask without showing what is typed; from a pipe, read a line."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    return str(typer.prompt(what, default="", hide_input=True, show_default=False))
