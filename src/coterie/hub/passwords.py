"""Hashing passwords: argon2id, away from the event loop, one at a time."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher(time_cost=4, memory_cost=9 * 1024, parallelism=1, type=Type.ID)
"""OWASP Password Storage Cheat Sheet, of its equally strong choices the one that trades memory for time: 9 MiB, four
passes, one lane; about 25 ms."""

_NOBODY = "$argon2id$v=19$m=9216,t=4,p=1$6Nfcyznm2i/NjcbEn/e/pQ$OeCB2T33FgzwdQB91OCGg+4bqFIvhsxsoQo8Ju0akOs"
"""Verified against for unknown usernames, so that they take as long as known ones. A test holds it to `_HASHER`."""

_workers = ThreadPoolExecutor(1, thread_name_prefix="password")
"""One at a time: many sign-ins at once wait for each other instead of adding up their memory."""


async def hash_password(password: str) -> str:
    """Return the argon2id string to store."""
    return await asyncio.get_running_loop().run_in_executor(_workers, _HASHER.hash, password)


async def verify_password(stored: str | None, password: str) -> bool:
    """Whether `password` is the one in `stored`; None (no such user) is False after the same time."""
    matches = await asyncio.get_running_loop().run_in_executor(_workers, _verify, stored or _NOBODY, password)
    return matches and stored is not None


def outdated(stored: str) -> bool:
    """Whether `stored` was made with weaker parameters than today's and should be made anew."""
    return _HASHER.check_needs_rehash(stored)


def _verify(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
