"""Setting up, joining, signing in and out."""

from __future__ import annotations

from fastapi import Request, Response

from coterie.hub.actions.accounts import check_setup, do_create_user, find_setup, setup_needed
from coterie.hub.actions.invitations import check_invitation, find_invitation
from coterie.hub.actions.logins import check_password, do_end_logins, do_sign_in, do_sign_out
from coterie.hub.api import schemas
from coterie.hub.api.routing import Caller, Doer, Need, Router, TheHub, actor
from coterie.hub.api.views import me_view
from coterie.hub.core import Hub
from coterie.hub.identity import COOKIE, SECURE_COOKIE
from coterie.hub.passwords import hash_password
from coterie.hub.throttle import network
from coterie.wire.errors import CoterieError, ErrorCode

router = Router("sessions")

ACCOUNTS_PER_ADDRESS = 100
"""Tries to make an account from one address per `sign_in_pause`: a classroom, and no more."""


def set_cookie(response: Response, hub: Hub, secret: str) -> None:
    """Give the browser its login."""
    secure = hub.settings.secure
    response.set_cookie(
        SECURE_COOKIE if secure else COOKIE,
        secret,
        max_age=hub.settings.login_days * 86400,
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def drop_cookie(response: Response, hub: Hub) -> None:
    """Take it away again."""
    secure = hub.settings.secure
    response.delete_cookie(SECURE_COOKIE if secure else COOKIE, path="/", secure=secure, httponly=True, samesite="lax")


@router.route("GET", "/setup", Need.PUBLIC)
async def get_setup(hub: TheHub) -> schemas.SetupState:
    """Whether the first administrator is still missing, and whether anyone may make an account."""
    async with hub.database.read() as session:
        needed = await setup_needed(session)
    return schemas.SetupState(needed=needed, registration=hub.settings.registration == "open")


@router.route("POST", "/setup", Need.PUBLIC, ErrorCode.EXPIRED, ErrorCode.TAKEN)
async def set_up(body: schemas.Setup, request: Request, response: Response, hub: TheHub) -> schemas.Me:
    """Become the first administrator by the printed one-time link; signed in afterwards."""
    async with hub.database.read() as session:
        await find_setup(session, body.token)
    password = await hash_password(body.password)
    async with hub.write(actor(request, username=body.username)) as transaction:
        await check_setup(transaction, body.token)
        user = await do_create_user(transaction, body.username, body.display_name, password, administrator=True)
        secret = await do_sign_in(transaction, user, hub.settings.login_days)
    set_cookie(response, hub, secret)
    return me_view(user)


@router.route("POST", "/register", Need.PUBLIC, ErrorCode.EXPIRED, ErrorCode.TAKEN, ErrorCode.TOO_FAST)
async def register(body: schemas.Registration, request: Request, response: Response, hub: TheHub) -> schemas.Me:
    """Make an account, by invitation or where registration is open; signed in afterwards."""
    if body.token is None and hub.settings.registration != "open":
        raise CoterieError(ErrorCode.FORBIDDEN, "Accounts are by invitation here. Ask an administrator for a link.")
    hub.throttle.count(f"register {network(actor(request).address)}", ACCOUNTS_PER_ADDRESS)
    if body.token is not None:
        # Before the costly hash: a stranger must not be able to make the hub compute.
        async with hub.database.read() as session:
            await find_invitation(session, body.token)
    password = await hash_password(body.password)
    async with hub.write(actor(request, username=body.username)) as transaction:
        if body.token is not None:
            await check_invitation(transaction, body.token)
        user = await do_create_user(transaction, body.username, body.display_name, password)
        secret = await do_sign_in(transaction, user, hub.settings.login_days)
    set_cookie(response, hub, secret)
    return me_view(user)


@router.route("POST", "/sign-in", Need.PUBLIC, ErrorCode.WRONG_PASSWORD, ErrorCode.TOO_FAST, ErrorCode.FORBIDDEN)
async def sign_in(body: schemas.SignIn, request: Request, response: Response, hub: TheHub) -> schemas.Me:
    """Sign in with username and password; the answer sets the cookie."""
    who = actor(request, username=body.username)
    user = await check_password(hub, body.username, body.password, who.address)
    async with hub.write(who) as transaction:
        secret = await do_sign_in(transaction, user, hub.settings.login_days)
    set_cookie(response, hub, secret)
    return me_view(user)


@router.route("POST", "/sign-out", Need.SIGNED_IN, status_code=204)
async def sign_out(response: Response, caller: Caller, doer: Doer, hub: TheHub) -> None:
    """End this login and close what it has open."""
    async with hub.write(doer) as transaction:
        await do_sign_out(transaction, caller.login)
    drop_cookie(response, hub)


@router.route("POST", "/sign-out-everywhere", Need.SIGNED_IN, status_code=204)
async def sign_out_everywhere(response: Response, caller: Caller, doer: Doer, hub: TheHub) -> None:
    """End every login of the caller, this one included. Access tokens stay."""
    async with hub.write(doer) as transaction:
        await do_end_logins(transaction, caller.user)
        transaction.audit("login.end-all")
    drop_cookie(response, hub)
