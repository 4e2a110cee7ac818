"""Who may use a workspace, and each person's own layout of it."""

from __future__ import annotations

import json

from fastapi import Response
from sqlalchemy import select

from coterie.hub.actions.members import check_new_member, do_add_member, do_leave, do_remove_member
from coterie.hub.api import schemas
from coterie.hub.api.routing import AnId, Caller, Doer, Router, TheHub
from coterie.hub.api.views import person_view
from coterie.hub.db.tables import Grant, Layout, Workspace
from coterie.wire.capabilities import Capability, Role
from coterie.wire.errors import CoterieError, ErrorCode

router = Router("members")
LARGEST_LAYOUT = 256 * 1024


@router.route("GET", "/workspaces/{id}/members", Capability.WORKSPACE_SEE)
async def list_members(id: str, hub: TheHub) -> list[schemas.Member]:  # noqa: A002 the path's name
    """The owner, and everybody with a role on the workspace."""
    async with hub.database.read() as session:
        workspace = await session.get_one(Workspace, id)
        grants = await session.execute(select(Grant).where(Grant.workspace_id == id).order_by(Grant.created))
    owner = schemas.Member(user=person_view(workspace.owner), role=Role.OWNER, since=workspace.created)
    return [owner, *(_view(grant) for grant in grants.scalars())]


@router.route(
    "POST",
    "/workspaces/{id}/members",
    Capability.WORKSPACE_SHARE,
    ErrorCode.TAKEN,
    status_code=201,
)
async def add_member(id: str, body: schemas.NewMember, doer: Doer, hub: TheHub) -> schemas.Member:  # noqa: A002
    """Make somebody a member, by username."""
    async with hub.write(doer) as transaction:
        user = await check_new_member(transaction, id, body.username)
        grant = await do_add_member(transaction, id, user)
    return _view(grant)


@router.route("DELETE", "/workspaces/{id}/members/{user}", Capability.WORKSPACE_SHARE, status_code=204)
async def remove_member(id: str, user: AnId, doer: Doer, hub: TheHub) -> None:  # noqa: A002 the path's name
    """Take somebody's access away; what they have open there closes."""
    async with hub.write(doer) as transaction:
        await do_remove_member(transaction, id, user)


@router.route("POST", "/workspaces/{id}/leave", Capability.SHARE_LEAVE, status_code=204)
async def leave_workspace(id: str, caller: Caller, doer: Doer, hub: TheHub) -> None:  # noqa: A002 the path's name
    """Give up one's own access."""
    async with hub.write(doer) as transaction:
        await do_leave(transaction, id, caller.user)


@router.route("GET", "/workspaces/{id}/layout", Capability.WORKSPACE_OPEN, response_model=schemas.Layout | None)
async def get_layout(id: str, caller: Caller, hub: TheHub) -> Response:  # noqa: A002 the path's name
    """The caller's own layout of this workspace; null when none was stored."""
    async with hub.database.read() as session:
        row = await session.get(Layout, (id, caller.user))
    # As it was stored: the page may put half a character into it, which encoding it anew would refuse.
    return Response(row.layout if row else "null", media_type="application/json")


@router.route("PUT", "/workspaces/{id}/layout", Capability.WORKSPACE_OPEN, ErrorCode.TOO_BIG, status_code=204)
async def put_layout(id: str, body: schemas.Layout, caller: Caller, hub: TheHub) -> None:  # noqa: A002
    """Store the caller's own layout of this workspace: at most 256 kB of JSON."""
    text = json.dumps(body, separators=(",", ":"))
    if len(text) > LARGEST_LAYOUT:
        raise CoterieError(ErrorCode.TOO_BIG, "This arrangement of panes is too big to be kept. Close some of them.")
    async with hub.write() as transaction:
        await transaction.session.merge(Layout(workspace_id=id, user_id=caller.user, layout=text))


def _view(grant: Grant) -> schemas.Member:
    return schemas.Member(user=person_view(grant.user), role=grant.role, since=grant.created)
