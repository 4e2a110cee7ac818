"""The audit log: who did what, on what, from where, when. Rows are written in the transaction of the deed itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from coterie.hub.db.tables import Audit

PAGE = 100
"""Entries in one answer."""


@dataclass(frozen=True)
class Actor:
    """Who does something and from which network address; empty for the hub itself and for somebody unknown."""

    user: str = ""
    username: str = ""
    address: str = ""


THE_HUB = Actor()


def record(
    session: AsyncSession,
    actor: Actor,
    action: str,
    *,
    workspace: str | None = None,
    target: str = "",
    detail: str = "",
) -> None:
    """Add an entry to this transaction. `action` is `noun.verb`; no secret may be in any field."""
    session.add(
        Audit(
            actor_id=actor.user,
            actor=actor.username,
            action=action,
            workspace_id=workspace,
            target=target[:200],
            address=actor.address[:64],
            detail=detail,
        )
    )


async def entries(session: AsyncSession, workspace: str | None, before: int | None) -> Sequence[Audit]:
    """Return the newest `PAGE` entries, of one workspace or of all, older than the entry `before`."""
    query = select(Audit).order_by(Audit.id.desc()).limit(PAGE)
    if workspace is not None:
        query = query.where(Audit.workspace_id == workspace)
    if before is not None:
        query = query.where(Audit.id < before)
    return (await session.execute(query)).scalars().all()
