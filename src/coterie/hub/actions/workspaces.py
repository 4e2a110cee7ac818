"""Making, starting, stopping and deleting workspaces: what is decided and written; lifecycle does the work."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select, update

from coterie.hub.access import not_found
from coterie.hub.actions.errors import unique
from coterie.hub.core import Hub
from coterie.hub.db.tables import User, Workspace
from coterie.hub.lifecycle import move
from coterie.hub.states import WorkspaceState as S
from coterie.hub.transactions import Transaction
from coterie.wire.closing import Closing
from coterie.wire.errors import CoterieError, ErrorCode
from coterie.wire.ids import new_id


async def check_room(transaction: Transaction, hub: Hub, owner: str) -> None:
    """Raises CoterieError(LIMIT) when the person owns as many workspaces as one may.

    Locking the owner's row makes requests at the same time wait for each other (SQLite has one writer anyway).
    """
    session = transaction.session
    await session.execute(select(User.id).where(User.id == owner).with_for_update())
    owned = await session.execute(
        select(func.count()).select_from(Workspace).where(Workspace.owner_id == owner, Workspace.deleting.is_(False))
    )
    most = hub.settings.workspaces_per_user
    if owned.scalar_one() >= most:
        raise CoterieError(ErrorCode.LIMIT, f"You have {most} workspaces, which is the most. Delete one first.")


async def do_create(
    transaction: Transaction, owner: str, name: str, source: dict[str, Any], progress: str
) -> Workspace:
    """Write a new workspace down as `starting`. Raises CoterieError(TAKEN)."""
    workspace = Workspace(
        id=new_id(),
        name=name,
        owner=await transaction.session.get_one(User, owner),
        state=S.STARTING,
        progress=progress,
        source=source,
    )
    async with unique(transaction.session, f"You already have a workspace named “{name}”. Choose another name."):
        transaction.session.add(workspace)
    detail = source["kind"] + (f" {source['url']}" if "url" in source else "")
    transaction.audit("workspace.create", workspace=workspace.id, target=name, detail=detail)
    await transaction.workspace_changed(workspace.id)
    return workspace


def kept_source(source: dict[str, Any]) -> dict[str, Any]:
    """The source as it is stored and shown: without credentials. Raises CoterieError(INVALID).

    What is no address is not stored at all: there is no telling which part of it is a secret.
    """
    if "url" not in source:
        return source
    from coterie.hub.sources.remote import parse  # noqa: PLC0415 loaded by the first clone

    try:
        return {**source, "url": parse(source["url"]).url}
    except CoterieError as error:
        raise CoterieError(ErrorCode.INVALID, error.sentence, error.detail) from None


async def do_start(transaction: Transaction, hub: Hub, workspace: str) -> None:
    """Start a stopped or failed workspace; no-op for one that runs or starts. Raises CoterieError(CONFLICT)."""
    if await move(transaction, workspace, (S.STOPPED, S.FAILED), S.STARTING, progress="Starting"):
        transaction.audit("workspace.start", workspace=workspace)
        transaction.after_commit(lambda: hub.lifecycle.start(workspace))
    elif await _state(transaction, workspace) is S.STOPPING:
        raise CoterieError(ErrorCode.CONFLICT, "The workspace is still stopping. Start it again in a moment.")


async def do_stop(transaction: Transaction, hub: Hub, workspace: str) -> None:
    """Stop a workspace, also one that is starting; no-op for a stopped or stopping one."""
    if await move(transaction, workspace, (S.RUNNING, S.STARTING, S.FAILED), S.STOPPING, progress="Stopping"):
        transaction.audit("workspace.stop", workspace=workspace)
        transaction.revoke(Closing.STOPPING, workspace=workspace)
        transaction.after_commit(lambda: hub.lifecycle.stop(workspace))


async def do_delete(transaction: Transaction, workspace: str, confirm: str) -> None:
    """Make a workspace disappear for everyone. Its name is free again at once; removing it from disk follows.

    Raises CoterieError(INVALID) when `confirm` is not its name.
    """
    row = await transaction.session.get(Workspace, workspace)
    if row is None or row.deleting:
        raise not_found()
    if confirm.strip() != row.name:
        raise CoterieError(ErrorCode.INVALID, f"Type the name of the workspace, “{row.name}”, to delete it.")
    await transaction.workspace_changed(workspace)
    transaction.audit("workspace.delete", workspace=workspace, target=row.name)
    transaction.revoke(Closing.NOT_FOUND, workspace=workspace)
    await transaction.session.execute(
        update(Workspace).where(Workspace.id == workspace).values(deleting=True, name=workspace)
    )


async def do_discard(transaction: Transaction, workspace: str) -> None:
    """Take back a workspace that never came to be, because its upload could not be used."""
    await transaction.workspace_changed(workspace)
    transaction.audit("workspace.discard", workspace=workspace)
    await transaction.session.execute(
        update(Workspace).where(Workspace.id == workspace).values(deleting=True, name=workspace)
    )


async def _state(transaction: Transaction, workspace: str) -> S | None:
    found = await transaction.session.execute(select(Workspace.state).where(Workspace.id == workspace))
    return found.scalar_one_or_none()
