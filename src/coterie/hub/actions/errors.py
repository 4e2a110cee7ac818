"""Turning what the database refuses into what a person is told."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from coterie.wire.errors import CoterieError, ErrorCode


@contextlib.asynccontextmanager
async def unique(session: AsyncSession, sentence: str) -> AsyncIterator[None]:
    """Write out what the block adds; raise CoterieError(TAKEN, sentence) when a unique name is taken.

    The check is the database's own, so that two at the same time cannot both pass it.
    """
    try:
        yield
        await session.flush()
    except IntegrityError as error:
        raise CoterieError(ErrorCode.TAKEN, sentence, str(error.orig)) from None
