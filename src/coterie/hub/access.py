"""What a person is to a workspace, and whether that lets them do what they ask for."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from coterie.hub.db.tables import Grant, User, Workspace
from coterie.wire.capabilities import Capability, Role, allows, strongest
from coterie.wire.errors import CoterieError, ErrorCode

_AT_ONCE = 500
"""Identifiers in one query."""


def not_found() -> CoterieError:
    """The answer for an absent workspace and for one that the caller may not know of."""
    return CoterieError(ErrorCode.NOT_FOUND, "There is no such workspace, or it is not shared with you.")


async def role_on(session: AsyncSession, user: str, workspace: str) -> Role | None:
    """Return the strongest role `user` holds on `workspace`; None: nobody to it, or there is no such workspace."""
    owner = (
        await session.execute(
            select(Workspace.owner_id).where(Workspace.id == workspace, Workspace.deleting.is_(False))
        )
    ).scalar_one_or_none()
    if owner is None:
        return None
    if owner == user:
        return Role.OWNER
    grants = await session.execute(select(Grant.role).where(Grant.workspace_id == workspace, Grant.user_id == user))
    return strongest(set(grants.scalars()))


async def roles_on(session: AsyncSession, pairs: Collection[tuple[str, str]]) -> dict[tuple[str, str], Role | None]:
    """As `role_on` for many (user, workspace) at once."""
    held: dict[tuple[str, str], set[Role]] = {pair: set() for pair in pairs}
    workspaces = sorted({workspace for _, workspace in pairs})
    for start in range(0, len(workspaces), _AT_ONCE):
        some = workspaces[start : start + _AT_ONCE]
        owners = await session.execute(
            select(Workspace.owner_id, Workspace.id).where(Workspace.id.in_(some), Workspace.deleting.is_(False))
        )
        found = [(user, workspace) for user, workspace in owners]
        there = {workspace for _, workspace in found}
        for pair in found:
            if pair in held:
                held[pair].add(Role.OWNER)
        grants = await session.execute(
            select(Grant.user_id, Grant.workspace_id, Grant.role).where(Grant.workspace_id.in_(some))
        )
        for user, workspace, role in grants:
            if workspace in there and (user, workspace) in held:
                held[user, workspace].add(role)
    return {pair: strongest(roles) for pair, roles in held.items()}


async def require(session: AsyncSession, user: str, workspace: str, capability: Capability) -> Role:
    """Return the caller's role when it holds `capability`.

    Raises CoterieError(NOT_FOUND) to whoever holds no role, so that a guess tells nothing, else FORBIDDEN.
    """
    role = await role_on(session, user, workspace)
    if role is None:
        raise not_found()
    if not allows(role, capability):
        raise CoterieError(ErrorCode.FORBIDDEN, _refusal(role, capability), f"{role} lacks {capability}")
    return role


def _refusal(role: Role, capability: Capability) -> str:
    if capability is Capability.SHARE_LEAVE and role is Role.OWNER:
        return "The owner of a workspace cannot leave it. Delete it instead."
    if allows(Role.MEMBER, capability):
        return "You may only watch here. Ask the owner of the workspace for more."
    return "Only the owner of the workspace may do this."


async def visible(session: AsyncSession, user: str, workspace: str | None = None) -> list[tuple[Workspace, Role]]:
    """Return the workspaces `user` sees (or just that one, if so) with the role held, newest first."""
    granted = select(Grant.workspace_id).where(Grant.user_id == user)
    query = select(Workspace).where(
        Workspace.deleting.is_(False), or_(Workspace.owner_id == user, Workspace.id.in_(granted))
    )
    if workspace is not None:
        query = query.where(Workspace.id == workspace)
    rows: Sequence[Workspace] = (await session.execute(query.order_by(Workspace.created.desc()))).scalars().all()
    grants: dict[str, set[Role]] = {row.id: {Role.OWNER} if row.owner_id == user else set() for row in rows}
    held = await session.execute(
        select(Grant.workspace_id, Grant.role).where(Grant.user_id == user, Grant.workspace_id.in_(grants))
    )
    for where, role in held:
        grants[where].add(role)
    found = [(row, strongest(grants[row.id])) for row in rows]
    return [(row, role) for row, role in found if role is not None and allows(role, Capability.WORKSPACE_SEE)]


async def audience(session: AsyncSession, workspace: str) -> list[str]:
    """Return everyone who holds a role on the workspace: whom its changes concern."""
    owner = await session.execute(select(Workspace.owner_id).where(Workspace.id == workspace))
    granted = await session.execute(select(Grant.user_id).where(Grant.workspace_id == workspace))
    return sorted({*owner.scalars(), *granted.scalars()})


async def active_user(session: AsyncSession, username: str) -> User:
    """Return the account of that name. Raises CoterieError(NOT_FOUND) when there is none that is in use."""
    user = (
        await session.execute(select(User).where(User.username == username, User.disabled.is_(False)))
    ).scalar_one_or_none()
    if user is None:
        raise CoterieError(ErrorCode.NOT_FOUND, f"Nobody here has the username “{username}”.")
    return user
