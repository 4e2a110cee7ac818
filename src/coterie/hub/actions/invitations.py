"""Links that let people make an account."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from coterie.hub.db.tables import Invitation, User, now
from coterie.hub.identity import hash_secret
from coterie.hub.transactions import Transaction
from coterie.wire.errors import CoterieError, ErrorCode
from coterie.wire.ids import new_secret


def used_up() -> CoterieError:
    """The answer for an unknown, expired, revoked or used-up invitation."""
    return CoterieError(ErrorCode.EXPIRED, "This invitation has expired or was used up. Ask for a new one.")


async def do_invite(transaction: Transaction, user: str, note: str, days: int, uses: int) -> tuple[Invitation, str]:
    """Make an invitation; return it with its secret."""
    secret = new_secret()
    invitation = Invitation(
        hash=hash_secret(secret),
        note=note,
        created_by=await transaction.session.get_one(User, user),
        created=now(),
        expires=now() + timedelta(days=days),
        uses_left=uses,
    )
    transaction.session.add(invitation)
    await transaction.session.flush()
    transaction.audit("invitation.create", target=note, detail=f"{uses} uses, {days} days")
    return invitation, secret


async def do_revoke_invitation(transaction: Transaction, invitation: str) -> None:
    """Make a link useless. Raises CoterieError(NOT_FOUND)."""
    gone = await transaction.session.execute(
        delete(Invitation).where(Invitation.id == invitation).returning(Invitation.note)
    )
    note = gone.scalar_one_or_none()
    if note is None:
        raise CoterieError(ErrorCode.NOT_FOUND, "There is no such invitation.")
    transaction.audit("invitation.revoke", target=note)


async def find_invitation(session: AsyncSession, token: str) -> Invitation:
    """Return the invitation of that token while it can be used. Raises CoterieError(EXPIRED)."""
    found = (
        await session.execute(
            select(Invitation).where(
                Invitation.hash == hash_secret(token), Invitation.expires > now(), Invitation.uses_left > 0
            )
        )
    ).scalar_one_or_none()
    if found is None:
        raise used_up()
    return found


async def check_invitation(transaction: Transaction, token: str) -> None:
    """Use the invitation once. Raises CoterieError(EXPIRED)."""
    used = await transaction.session.execute(
        update(Invitation)
        .where(Invitation.hash == hash_secret(token), Invitation.expires > now(), Invitation.uses_left > 0)
        .values(uses_left=Invitation.uses_left - 1)
        .returning(Invitation.id)
    )
    if used.scalar_one_or_none() is None:
        raise used_up()
