"""Tickets hold what the gate said, for one workspace, for a short time, and cannot be forged."""

from __future__ import annotations

import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from coterie.wire.capabilities import Capability, Role
from coterie.wire.errors import CoterieError, ErrorCode
from coterie.wire.tickets import Ticket, sign, verify

KEY = Ed25519PrivateKey.generate()
TICKET = Ticket(
    workspace="w" * 16,
    user="u" * 16,
    username="ada",
    display_name="Ada Lovelace ✓",
    role=Role.MEMBER,
    capabilities=(Capability.WORKSPACE_OPEN, Capability.FILE_READ),
    expires=int(time.time()) + 3600,
    grant="g",
    email="ada@example.org",
    colour=3,
)


def test_round_trip() -> None:
    assert verify(sign(TICKET, KEY), KEY.public_key(), TICKET.workspace) == TICKET


def test_expired() -> None:
    _refused(sign(TICKET, KEY), now=TICKET.expires + 1)


def test_for_another_workspace() -> None:
    with pytest.raises(CoterieError):
        verify(sign(TICKET, KEY), KEY.public_key(), "x" * 16)


def test_signed_by_another_key() -> None:
    _refused(sign(TICKET, Ed25519PrivateKey.generate()))


@given(st.text(max_size=300))
def test_garbage(text: str) -> None:
    _refused(text)


@given(st.data())
def test_any_changed_character_is_refused(data: st.DataObject) -> None:
    text = sign(TICKET, KEY)
    # The last character of each part may carry unused bits; every other one matters.
    body = text.index(".") - 1
    index = data.draw(st.integers(0, len(text) - 2).filter(lambda i: i != body))
    other = data.draw(st.sampled_from("ABCabc019-_.").filter(lambda c: c != text[index]))
    _refused(text[:index] + other + text[index + 1 :])


def _refused(text: str, now: float | None = None) -> None:
    with pytest.raises(CoterieError) as caught:
        verify(text, KEY.public_key(), TICKET.workspace, now)
    assert caught.value.code is ErrorCode.FORBIDDEN
