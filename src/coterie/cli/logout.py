"""`coterie logout`: forgets who is signed in, and the token with it."""

from __future__ import annotations

from coterie.cli import account
from coterie.cli.output import say
from coterie.client import Client
from coterie.wire.errors import CoterieError, ErrorCode


def logout() -> None:
    """Sign out: forget the hub, and delete the access token that signing in with a password made.

    A token that you made yourself is forgotten here and stays good elsewhere; delete it on your account page.
    """
    kept = account.kept()
    # First of all: whatever the hub says, nothing is left here.
    account.forget()
    if kept.made:
        try:
            with Client(kept.url, kept.token) as client:
                client.delete_token(kept.made)
        except CoterieError as error:
            # The hub knows the token no longer, which is what was wanted.
            if error.code is not ErrorCode.SIGNED_OUT:
                sentence = "The token is forgotten here, but it is still good: delete it on your account page."
                raise CoterieError(error.code, f"{sentence} {error.sentence}", error.detail) from None
    say(f"Signed out of {kept.url}.")
