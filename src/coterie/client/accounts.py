"""The client's part about people: setting up, signing in, one's own account, invitations, administration."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from coterie.client.connection import Connection
from coterie.client.types import (
    AdministeredUser,
    AuditEntry,
    CreatedInvitation,
    CreatedToken,
    Invitation,
    InvitationFound,
    Me,
    Person,
    SetupState,
    Token,
)


class Accounts(Connection):
    """People and what they may."""

    # --- becoming and being somebody ---

    def setup_state(self) -> SetupState:
        """Whether the first administrator is still missing, and whether anyone may make an account."""
        return self._ask(SetupState, "GET", "/setup")

    def set_up(self, token: str, username: str, display_name: str, password: str) -> Me:
        """Become the first administrator by the token of the printed link; signed in afterwards."""
        return self._ask(Me, "POST", "/setup", json=_account(username, display_name, password) | {"token": token})

    def register(self, username: str, display_name: str, password: str, token: str = "") -> Me:
        """Make an account by an invitation's token, or without where anyone may; signed in afterwards."""
        body = _account(username, display_name, password) | {"token": token or None}
        return self._ask(Me, "POST", "/register", json=body)

    def sign_in(self, username: str, password: str) -> Me:
        """Sign in as a browser does, for as long as this client lives."""
        return self._ask(Me, "POST", "/sign-in", json={"username": username, "password": password})

    def sign_out(self) -> None:
        self._send("POST", "/sign-out")

    def sign_out_everywhere(self) -> None:
        """End every login of the caller, this one included. Access tokens stay."""
        self._send("POST", "/sign-out-everywhere")

    def me(self) -> Me:
        return self._ask(Me, "GET", "/me")

    def change_me(self, display_name: str | None = None, email: str | None = None, colour: int | None = None) -> Me:
        """Change the caller's own name, address or colour; None stays as it is."""
        return self._ask(Me, "PATCH", "/me", json=_given(display_name=display_name, email=email, colour=colour))

    def change_password(self, current: str, new: str) -> None:
        """Set a new password; every other login of the caller ends."""
        self._send("POST", "/me/password", json={"current": current, "new": new})

    def tokens(self) -> list[Token]:
        """The caller's access tokens, newest first."""
        return self._ask(list[Token], "GET", "/me/tokens")

    def create_token(self, name: str, days: int | None = None) -> CreatedToken:
        """Make a personal access token that lasts `days` (None: until it is deleted).

        Only somebody who signed in may: FORBIDDEN for a client that has a token itself.
        """
        return self._ask(CreatedToken, "POST", "/me/tokens", json={"name": name, "days": days})

    def delete_token(self, token: str) -> None:
        """Delete the access token with this identifier and close what it has open."""
        self._send("DELETE", f"/me/tokens/{quote(token)}")

    def find_people(self, query: str) -> list[Person]:
        """People whose username or name fits, for completion; `query` has two characters at least."""
        return self._ask(list[Person], "GET", "/users", params={"query": query})

    # --- invitations ---

    def invitations(self) -> list[Invitation]:
        """The invitations that are still good; administrators only."""
        return self._ask(list[Invitation], "GET", "/invitations")

    def invite(self, note: str = "", days: int = 7, uses: int = 1) -> CreatedInvitation:
        """Make a link with which `uses` people can make an account within `days`; administrators only."""
        return self._ask(CreatedInvitation, "POST", "/invitations", json={"note": note, "days": days, "uses": uses})

    def look_up_invitation(self, token: str) -> InvitationFound:
        """Who invites, for somebody who has the link. EXPIRED when it is good no longer."""
        return self._ask(InvitationFound, "POST", "/invitations/look-up", json={"token": token})

    def revoke_invitation(self, invitation: str) -> None:
        """Make the link of the invitation with this identifier worthless."""
        self._send("DELETE", f"/invitations/{quote(invitation)}")

    # --- administration ---

    def users(self) -> list[AdministeredUser]:
        """Every account; administrators only."""
        return self._ask(list[AdministeredUser], "GET", "/admin/users")

    def change_user(
        self, user: str, *, disabled: bool | None = None, administrator: bool | None = None
    ) -> AdministeredUser:
        """Disable or enable the account with this identifier, or change whether it administrates; None stays."""
        body = _given(disabled=disabled, administrator=administrator)
        return self._ask(AdministeredUser, "PATCH", f"/admin/users/{quote(user)}", json=body)

    def give_password(self, user: str, password: str) -> None:
        """Give somebody a new password; all of that person's logins end."""
        self._send("POST", f"/admin/users/{quote(user)}/password", json={"password": password})

    def audit(self, workspace: str = "", before: int | None = None) -> list[AuditEntry]:
        """The newest 100 entries older than the one numbered `before`.

        Of one's own workspace, or of everything for an administrator.
        """
        parameters = _given(workspace=workspace or None, before=before)
        return self._ask(list[AuditEntry], "GET", "/audit", params=parameters)


def _account(username: str, display_name: str, password: str) -> dict[str, Any]:
    return {"username": username, "display_name": display_name, "password": password}


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
