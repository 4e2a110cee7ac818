"""Reading the audit log."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from coterie.hub import access, audit
from coterie.hub.api import schemas
from coterie.hub.api.routing import ID_PATTERN, Caller, Need, Router, TheHub
from coterie.hub.db.tables import Audit
from coterie.wire.capabilities import Capability
from coterie.wire.errors import CoterieError, ErrorCode

router = Router("audit")


@router.route("GET", "/audit", Need.SIGNED_IN, ErrorCode.FORBIDDEN, ErrorCode.NOT_FOUND)
async def read_audit(
    caller: Caller,
    hub: TheHub,
    workspace: Annotated[str | None, Query(pattern=ID_PATTERN)] = None,
    before: Annotated[int | None, Query(ge=0)] = None,
) -> list[schemas.AuditEntry]:
    """The newest 100 entries older than `before`: of one's own workspace, or of everything for an administrator."""
    async with hub.database.read() as session:
        if not caller.administrator:
            if workspace is None:
                raise CoterieError(ErrorCode.FORBIDDEN, "Only an administrator may read the whole audit log.")
            await access.require(session, caller.user, workspace, Capability.WORKSPACE_CONFIGURE)
        rows = await audit.entries(session, workspace, before)
    return [_view(row) for row in rows]


def _view(row: Audit) -> schemas.AuditEntry:
    return schemas.AuditEntry(
        id=row.id,
        at=row.at,
        actor=row.actor,
        action=row.action,
        workspace=row.workspace_id,
        target=row.target,
        address=row.address,
        detail=row.detail,
    )
