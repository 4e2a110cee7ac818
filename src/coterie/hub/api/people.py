"""Finding people, inviting them, and administering accounts."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from sqlalchemy import or_, select

from coterie.hub.actions.accounts import (
    check_administrator_stays,
    do_disable,
    do_set_administrator,
    do_set_password,
)
from coterie.hub.actions.invitations import do_invite, do_revoke_invitation, find_invitation
from coterie.hub.api import schemas
from coterie.hub.api.routing import AnId, Caller, Doer, Need, Router, TheHub
from coterie.hub.api.views import person_view
from coterie.hub.db.tables import Invitation, User, now
from coterie.hub.passwords import hash_password
from coterie.hub.transactions import Transaction
from coterie.wire.errors import CoterieError, ErrorCode

router = Router("people")
MOST_FOUND = 10


@router.route("GET", "/users", Need.SIGNED_IN)
async def find_people(
    caller: Caller, hub: TheHub, query: Annotated[str, Query(min_length=2, max_length=80, pattern=schemas.LINE)]
) -> list[schemas.Person]:
    """At most ten people whose username or display name begins with `query`, for completing names."""
    async with hub.database.read() as session:
        rows = await session.execute(
            select(User)
            .where(
                User.disabled.is_(False),
                or_(
                    User.username.istartswith(query, autoescape=True),
                    User.display_name.istartswith(query, autoescape=True),
                ),
            )
            .order_by(User.username)
            .limit(MOST_FOUND)
        )
    return [person_view(row) for row in rows.scalars()]


@router.route("GET", "/invitations", Need.ADMINISTRATOR)
async def list_invitations(hub: TheHub) -> list[schemas.Invitation]:
    """The invitations that can still be used, newest first."""
    async with hub.database.read() as session:
        rows = await session.execute(
            select(Invitation)
            .where(Invitation.expires > now(), Invitation.uses_left > 0)
            .order_by(Invitation.created.desc())
        )
    return [schemas.Invitation.model_validate(row) for row in rows.scalars()]


@router.route("POST", "/invitations", Need.ADMINISTRATOR, status_code=201)
async def invite(body: schemas.NewInvitation, caller: Caller, doer: Doer, hub: TheHub) -> schemas.CreatedInvitation:
    """Make a link that lets people make an account. Its secret is in this answer only."""
    async with hub.write(doer) as transaction:
        invitation, secret = await do_invite(transaction, caller.user, body.note, body.days, body.uses)
    return schemas.CreatedInvitation(
        **schemas.Invitation.model_validate(invitation).model_dump(),
        token=secret,
        link=f"{hub.settings.address}/join#{secret}",
    )


@router.route("DELETE", "/invitations/{invitation}", Need.ADMINISTRATOR, ErrorCode.NOT_FOUND, status_code=204)
async def revoke_invitation(invitation: AnId, doer: Doer, hub: TheHub) -> None:
    """Make an invitation's link useless."""
    async with hub.write(doer) as transaction:
        await do_revoke_invitation(transaction, invitation)


@router.route("POST", "/invitations/look-up", Need.PUBLIC, ErrorCode.EXPIRED)
async def look_up_invitation(body: schemas.InvitationLookUp, hub: TheHub) -> schemas.InvitationFound:
    """What the page shows to somebody who was invited."""
    async with hub.database.read() as session:
        invitation = await find_invitation(session, body.token)
    by = invitation.created_by
    return schemas.InvitationFound(invited_by=by.display_name if by else "", expires=invitation.expires)


@router.route("GET", "/admin/users", Need.ADMINISTRATOR)
async def list_users(hub: TheHub) -> list[schemas.AdministeredUser]:
    """Every account, by username."""
    async with hub.database.read() as session:
        rows = await session.execute(select(User).order_by(User.username))
    return [schemas.AdministeredUser.model_validate(row) for row in rows.scalars()]


@router.route("PATCH", "/admin/users/{user}", Need.ADMINISTRATOR, ErrorCode.NOT_FOUND, ErrorCode.CONFLICT)
async def change_user(user: AnId, body: schemas.UserChange, doer: Doer, hub: TheHub) -> schemas.AdministeredUser:
    """Disable or enable an account, or make somebody an administrator. Disabling closes all they have open."""
    async with hub.write(doer) as transaction:
        row = await _user(transaction, user)
        if body.disabled or body.administrator is False:
            await check_administrator_stays(transaction.session, row)
        if body.disabled is not None and body.disabled != row.disabled:
            await do_disable(transaction, row, body.disabled)
        if body.administrator is not None and body.administrator != row.administrator:
            await do_set_administrator(transaction, row, body.administrator)
    return schemas.AdministeredUser.model_validate(row)


@router.route("POST", "/admin/users/{user}/password", Need.ADMINISTRATOR, ErrorCode.NOT_FOUND, status_code=204)
async def give_password(user: AnId, body: schemas.NewPassword, doer: Doer, hub: TheHub) -> None:
    """Give somebody a new password; all of their logins end."""
    password = await hash_password(body.password)
    async with hub.write(doer) as transaction:
        await do_set_password(transaction, await _user(transaction, user), password)


async def _user(transaction: Transaction, user: str) -> User:
    row = await transaction.session.get(User, user)
    if row is None:
        raise CoterieError(ErrorCode.NOT_FOUND, "There is no such account.")
    return row
