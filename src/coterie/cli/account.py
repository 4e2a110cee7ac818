"""Which hub the command line talks to, as whom: from the environment, else from a file only its owner can read."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from coterie.client import Client
from coterie.wire.decoding import UNREADABLE
from coterie.wire.errors import CoterieError, ErrorCode


class Account(msgspec.Struct, frozen=True):
    """One hub and the personal access token for it."""

    url: str
    token: str
    username: str = ""
    made: str = ""
    """The token's identifier if signing in made it, so that signing out deletes it; empty for one made by hand."""


def path() -> Path:
    """Where the account is kept: `coterie/login.json` in $XDG_CONFIG_HOME, which is ~/.config unless set."""
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "coterie" / "login.json"


def save(account: Account) -> None:
    """Keep the account, readable by its owner only from its first byte on."""
    file = path()
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = file.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(msgspec.json.encode(account))
    temporary.replace(file)


def load() -> Account:
    """Return the account: COTERIE_URL and COTERIE_TOKEN if both are set, else the file's.

    Raises CoterieError(SIGNED_OUT) when there is none.
    """
    url, token = os.environ.get("COTERIE_URL", ""), os.environ.get("COTERIE_TOKEN", "")
    if url and token:
        return Account(url, token)
    return kept()


def kept() -> Account:
    """Return the file's account. Raises CoterieError(SIGNED_OUT) when there is none."""
    try:
        return msgspec.json.decode(path().read_bytes(), type=Account)
    except (OSError, *UNREADABLE) as error:
        sentence = "You are not signed in anywhere. Run `coterie login URL` with the address of your Coterie."
        raise CoterieError(ErrorCode.SIGNED_OUT, sentence, repr(error)) from None


def forget() -> None:
    """Keep no account any more."""
    path().unlink(missing_ok=True)


def client() -> Client:
    """Return a client of the hub, as the person who signed in."""
    account = load()
    return Client(account.url, account.token)
