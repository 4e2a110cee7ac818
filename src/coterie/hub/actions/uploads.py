"""Making a workspace of an uploaded archive: the one source that arrives with the request itself."""

from __future__ import annotations

from collections.abc import AsyncIterator

from sqlalchemy import select

from coterie.hub.actions.workspaces import check_room, do_create, do_discard
from coterie.hub.audit import Actor
from coterie.hub.core import Hub
from coterie.hub.db.tables import Workspace
from coterie.hub.states import WorkspaceState
from coterie.hub.worklog import WorkspaceLog


async def create_from_archive(hub: Hub, doer: Actor, name: str, filename: str, stream: AsyncIterator[bytes]) -> str:
    """Unpack the archive into a new workspace and start that; return its identifier.

    It is seen as `starting` while the upload lasts; if that fails or is given up, nothing of it remains. Raises
    CoterieError: TAKEN, LIMIT, and what unpacking raises.
    """
    from coterie.hub.sources.archive import unpack  # noqa: PLC0415 loaded by the first upload
    from coterie.hub.sources.tree import UnpackLimits  # noqa: PLC0415

    settings = hub.settings
    async with hub.write(doer) as transaction:
        await check_room(transaction, hub, doer.user)
        source = {"kind": "archive", "filename": filename}
        row = await do_create(transaction, doer.user, name, source, "Unpacking the archive")
    try:
        into = await hub.driver.create(row.id)
        limits = UnpackLimits(
            upload=settings.archive_upload, size=settings.archive_unpacked, entries=settings.archive_files
        )
        await unpack(stream, into, WorkspaceLog(settings.workspaces, row.id), limits=limits)
        await hub.lifecycle.filled(row.id)
    except BaseException:
        async with hub.write(doer) as transaction:
            await do_discard(transaction, row.id)
        hub.lifecycle.delete(row.id)
        raise
    async with hub.database.read() as session:
        state = (await session.execute(select(Workspace.state).where(Workspace.id == row.id))).scalar_one_or_none()
    if state is WorkspaceState.STARTING:
        hub.lifecycle.start(row.id)
    return row.id
