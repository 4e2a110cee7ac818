"""Letting people into a workspace and out of it."""

from __future__ import annotations

from sqlalchemy import delete, select

from coterie.hub.access import active_user, not_found
from coterie.hub.db.tables import Grant, User, Workspace
from coterie.hub.transactions import Transaction
from coterie.wire.capabilities import Role
from coterie.wire.closing import Closing
from coterie.wire.errors import CoterieError, ErrorCode


async def check_new_member(transaction: Transaction, workspace: str, username: str) -> User:
    """Return whom to let in. Raises CoterieError: NOT_FOUND, or TAKEN when they are in already."""
    user = await active_user(transaction.session, username)
    row = await transaction.session.get(Workspace, workspace)
    if row is None:
        raise not_found()
    if row.owner_id == user.id:
        raise CoterieError(ErrorCode.TAKEN, f"{user.display_name} owns this workspace.")
    if await transaction.session.get(Grant, (workspace, user.id, Role.MEMBER)) is not None:
        raise CoterieError(ErrorCode.TAKEN, f"{user.display_name} is a member already.")
    return user


async def do_add_member(transaction: Transaction, workspace: str, user: User) -> Grant:
    """Make somebody a member."""
    grant = Grant(workspace_id=workspace, user=user, role=Role.MEMBER)
    transaction.session.add(grant)
    await transaction.session.flush()
    transaction.audit("member.add", workspace=workspace, target=user.username)
    # Who had the workspace open in a weaker role reconnects with the stronger one.
    transaction.revoke(Closing.ACCESS_CHANGED, workspace=workspace, user=user.id)
    await transaction.workspace_changed(workspace)
    return grant


async def do_remove_member(transaction: Transaction, workspace: str, user: str) -> None:
    """Take every grant of a person on a workspace away and close what they have open there.

    Raises CoterieError(NOT_FOUND) when they have none.
    """
    await _drop(transaction, workspace, user, "member.remove")


async def do_leave(transaction: Transaction, workspace: str, user: str) -> None:
    """Give one's own grants up."""
    await _drop(transaction, workspace, user, "member.leave")


async def _drop(transaction: Transaction, workspace: str, user: str, action: str) -> None:
    gone = await transaction.session.execute(
        delete(Grant).where(Grant.workspace_id == workspace, Grant.user_id == user).returning(Grant.role)
    )
    if not gone.scalars().all():
        raise CoterieError(ErrorCode.NOT_FOUND, "This person is not a member of the workspace.")
    name = await transaction.session.execute(select(User.username).where(User.id == user))
    transaction.audit(action, workspace=workspace, target=name.scalar_one())
    transaction.revoke(Closing.REVOKED, workspace=workspace, user=user)
    await transaction.workspace_changed(workspace, user)
