"""Workspaces: making, listing, starting, stopping and deleting them, and their logs."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from coterie.hub import access
from coterie.hub.actions.uploads import create_from_archive
from coterie.hub.actions.workspaces import check_room, do_create, do_delete, do_start, do_stop, kept_source
from coterie.hub.api import schemas
from coterie.hub.api.routing import Caller, Doer, Need, Router, TheHub
from coterie.hub.api.views import workspace_view
from coterie.hub.core import Hub
from coterie.hub.worklog import read_log
from coterie.wire.capabilities import Capability, Role
from coterie.wire.errors import ErrorCode

router = Router("workspaces")
LOG_PAGE = 1 << 20
"""Bytes of the log in one answer."""


async def shown(hub: Hub, user: str, workspace: str) -> schemas.Workspace:
    """The workspace as this person sees it now. Raises CoterieError(NOT_FOUND)."""
    async with hub.database.read() as session:
        found = await access.visible(session, user, workspace)
    if not found:
        raise access.not_found()
    return workspace_view(*found[0])


@router.route("GET", "/workspaces", Need.SIGNED_IN)
async def list_workspaces(caller: Caller, hub: TheHub) -> list[schemas.Workspace]:
    """The workspaces that the caller sees, newest first."""
    async with hub.database.read() as session:
        return [workspace_view(*each) for each in await access.visible(session, caller.user)]


@router.route("POST", "/workspaces", Need.SIGNED_IN, ErrorCode.TAKEN, ErrorCode.LIMIT, status_code=201)
async def create_workspace(body: schemas.NewWorkspace, caller: Caller, doer: Doer, hub: TheHub) -> schemas.Workspace:
    """Make a workspace, blank or from a git address, and start it. The answer does not wait for it to run."""
    source = body.source.model_dump()
    async with hub.write(doer) as transaction:
        await check_room(transaction, hub, caller.user)
        row = await do_create(transaction, caller.user, body.name, kept_source(source), "Starting")
        transaction.after_commit(lambda: hub.lifecycle.start(row.id, source.get("url", "")))
    return workspace_view(row, Role.OWNER)


@router.route(
    "POST",
    "/workspaces/from-archive",
    Need.SIGNED_IN,
    ErrorCode.TAKEN,
    ErrorCode.LIMIT,
    ErrorCode.ARCHIVE_UNSAFE,
    ErrorCode.TOO_BIG,
    ErrorCode.DISK_FULL,
    status_code=201,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def create_workspace_from_archive(
    *,
    request: Request,
    caller: Caller,
    doer: Doer,
    hub: TheHub,
    name: Annotated[schemas.WorkspaceName, Query()],
    filename: Annotated[str, Query(max_length=255, pattern=schemas.LINE)] = "",
) -> schemas.Workspace:
    """Make a workspace of the archive (zip, tar and its compressions) in the body, and start it."""
    workspace = await create_from_archive(hub, doer, name, filename, request.stream())
    return await shown(hub, caller.user, workspace)


@router.route("GET", "/workspaces/{id}", Capability.WORKSPACE_SEE)
async def get_workspace(id: str, caller: Caller, hub: TheHub) -> schemas.Workspace:  # noqa: A002 the path's name
    """One workspace."""
    return await shown(hub, caller.user, id)


@router.route("DELETE", "/workspaces/{id}", Capability.WORKSPACE_DELETE, status_code=204)
async def delete_workspace(
    id: str,  # noqa: A002 the path's name
    body: schemas.DeleteWorkspace,
    doer: Doer,
    hub: TheHub,
) -> None:
    """Delete a workspace with all that is in it; `confirm` is its name. It is gone from disk with the answer."""
    async with hub.write(doer) as transaction:
        await do_delete(transaction, id, body.confirm)
    await hub.lifecycle.delete_now(id)


@router.route("POST", "/workspaces/{id}/start", Capability.WORKSPACE_START, ErrorCode.CONFLICT)
async def start_workspace(id: str, caller: Caller, doer: Doer, hub: TheHub) -> schemas.Workspace:  # noqa: A002
    """Start a stopped or failed workspace. The answer does not wait for it to run."""
    async with hub.write(doer) as transaction:
        await do_start(transaction, hub, id)
    return await shown(hub, caller.user, id)


@router.route("POST", "/workspaces/{id}/stop", Capability.WORKSPACE_STOP)
async def stop_workspace(id: str, caller: Caller, doer: Doer, hub: TheHub) -> schemas.Workspace:  # noqa: A002
    """Stop a workspace: everything is saved, every connection closed. The answer does not wait for it."""
    async with hub.write(doer) as transaction:
        await do_stop(transaction, hub, id)
    return await shown(hub, caller.user, id)


@router.route(
    "GET",
    "/workspaces/{id}/log",
    Capability.WORKSPACE_SEE,
    response_class=Response,
    responses={
        200: {
            "content": {"text/plain": {"schema": {"type": "string"}}},
            "headers": {
                "Coterie-Log-End": {"description": "What to ask for next with `after`.", "schema": {"type": "integer"}}
            },
        }
    },
)
async def get_workspace_log(
    id: str,  # noqa: A002 the path's name
    hub: TheHub,
    after: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """The workspace's log as text, from the byte `after` on; `Coterie-Log-End` says where it ends."""
    data, end = read_log(hub.settings.workspaces, id, after, LOG_PAGE)
    return Response(data, media_type="text/plain; charset=utf-8", headers={"coterie-log-end": str(end)})
