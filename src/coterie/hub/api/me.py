"""The caller's own account and access tokens."""

from __future__ import annotations

from fastapi import Request
from sqlalchemy import select

from coterie.hub.actions.accounts import do_change_me, do_set_password
from coterie.hub.actions.logins import check_browser, check_password, do_create_token, do_delete_token
from coterie.hub.api import schemas
from coterie.hub.api.routing import AnId, Caller, Doer, Need, Router, TheHub, actor
from coterie.hub.api.views import me_view
from coterie.hub.db.tables import Token, User
from coterie.hub.passwords import hash_password
from coterie.wire.errors import ErrorCode

router = Router("me")


@router.route("GET", "/me", Need.SIGNED_IN)
async def get_me(caller: Caller, hub: TheHub) -> schemas.Me:
    """Who the caller is."""
    async with hub.database.read() as session:
        return me_view(await session.get_one(User, caller.user))


@router.route("PATCH", "/me", Need.SIGNED_IN)
async def change_me(body: schemas.MeChange, caller: Caller, doer: Doer, hub: TheHub) -> schemas.Me:
    """Change the caller's own name, address or colour."""
    async with hub.write(doer) as transaction:
        user = await transaction.session.get_one(User, caller.user)
        await do_change_me(transaction, user, body.display_name, body.email, body.colour)
    return me_view(user)


@router.route("POST", "/me/password", Need.SIGNED_IN, ErrorCode.WRONG_PASSWORD, ErrorCode.TOO_FAST, status_code=204)
async def change_password(
    body: schemas.PasswordChange, request: Request, caller: Caller, doer: Doer, hub: TheHub
) -> None:
    """Set a new password; every other login of the caller ends."""
    await check_password(hub, caller.username, body.current, actor(request).address)
    password = await hash_password(body.new)
    async with hub.write(doer) as transaction:
        user = await transaction.session.get_one(User, caller.user)
        await do_set_password(transaction, user, password, keep=caller.login)


@router.route("GET", "/me/tokens", Need.SIGNED_IN)
async def list_tokens(caller: Caller, hub: TheHub) -> list[schemas.Token]:
    """The caller's access tokens, newest first."""
    async with hub.database.read() as session:
        rows = await session.execute(select(Token).where(Token.user_id == caller.user).order_by(Token.created.desc()))
    return [schemas.Token.model_validate(row) for row in rows.scalars()]


@router.route("POST", "/me/tokens", Need.SIGNED_IN, ErrorCode.LIMIT, status_code=201)
async def create_token(body: schemas.NewToken, caller: Caller, doer: Doer, hub: TheHub) -> schemas.CreatedToken:
    """Make an access token for the API and the command line. Its secret is in this answer only."""
    async with hub.write(doer) as transaction:
        await check_browser(transaction, caller.login)
        token, secret = await do_create_token(transaction, caller.user, body.name, body.days)
    return schemas.CreatedToken(**schemas.Token.model_validate(token).model_dump(), token=secret)


@router.route("DELETE", "/me/tokens/{token}", Need.SIGNED_IN, ErrorCode.NOT_FOUND, status_code=204)
async def delete_token(token: AnId, caller: Caller, doer: Doer, hub: TheHub) -> None:
    """Delete an access token and close what it has open."""
    async with hub.write(doer) as transaction:
        await do_delete_token(transaction, caller.user, token)
