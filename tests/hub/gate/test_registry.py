from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from coterie.hub.gate.registry import MOST_PER_USER, Registry
from coterie.hub.gate.transfer import Transfer
from coterie.hub.identity import Identity
from coterie.wire.capabilities import Capability, Role
from coterie.wire.closing import Closing
from coterie.wire.errors import CoterieError, ErrorCode


@dataclass
class Fake:
    grant: str
    user: str = "ada"
    login: str = "browser"
    workspace: str = "w"
    revoked: list[Closing] = field(default_factory=list)

    def revoke(self, closing: Closing) -> None:
        self.revoked.append(closing)


def test_revoking_meets_what_matches_all_that_is_given() -> None:
    registry = Registry()
    everyone = [
        Fake("1"),
        Fake("2", login="phone"),
        Fake("3", workspace="v"),
        Fake("4", user="bob"),
    ]
    for connection in everyone:
        registry.add(connection)
    assert registry.revoke(user="ada", workspace="w", closing=Closing.REVOKED) == 2
    assert [bool(connection.revoked) for connection in everyone] == [True, True, False, False]
    assert registry.revoke(login="phone", closing=Closing.SIGNED_OUT) == 1
    assert registry.revoke(workspace="nowhere", closing=Closing.REVOKED) == 0
    assert registry.revocations == 3


def test_what_ended_is_forgotten() -> None:
    registry = Registry()
    registry.add(Fake("1"))
    registry.add(Fake("2", user="bob"))
    assert registry.people("w") == {"ada", "bob"}
    registry.remove("1")
    registry.remove("1")
    assert registry.people("w") == {"bob"}
    assert len(registry) == 1
    assert registry.revoke(user="ada", closing=Closing.REVOKED) == 0


def test_one_person_cannot_have_connections_without_end() -> None:
    registry = Registry()
    for number in range(MOST_PER_USER):
        registry.add(Fake(str(number)))
    assert registry.full("ada")
    assert not registry.full("bob")


async def test_who_has_too_many_connections_transfers_nothing() -> None:
    registry = Registry()
    for number in range(MOST_PER_USER):
        registry.add(Fake(str(number), "ada"))
    gate: Any = SimpleNamespace(registry=registry, ticket=lambda *_: "")
    ada = Identity("ada", "ada", "Ada", "", 0, False, "login")
    with pytest.raises(CoterieError) as refused:
        await Transfer(gate, "w", ada, Role.OWNER, Capability.FILE_READ).open("GET", "a", {}, {})
    assert refused.value.code is ErrorCode.UNAVAILABLE
    assert len(registry) == MOST_PER_USER
