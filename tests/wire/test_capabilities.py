"""The access table holds exactly what `access.md` says: written out again here, so that a slip shows."""

from __future__ import annotations

import pytest

from coterie.wire.capabilities import ACCESS, Capability, Role, allows, strongest

ALL = set(Role)
FULL = {Role.OWNER, Role.GROUP_MEMBER, Role.MEMBER}
EDIT = FULL | {Role.EDITOR, Role.GUEST}

TABLE: dict[str, set[Role]] = {
    "workspace.see": ALL,
    "workspace.open": ALL,
    "workspace.start": FULL,
    "workspace.stop": FULL,
    "file.read": ALL,
    "document.read": ALL,
    "terminal.read": ALL,
    "board.read": ALL,
    "notebook.read": ALL,
    "file.write": EDIT,
    "document.write": EDIT,
    "board.write": EDIT,
    "notebook.write": EDIT,
    "terminal.open": EDIT,
    "terminal.write": EDIT,
    "terminal.resize": EDIT,
    "terminal.close": EDIT,
    "kernel.execute": EDIT,
    "kernel.interrupt": EDIT,
    "kernel.restart": EDIT,
    "port.open": EDIT,
    "session.start": FULL,
    "session.manage": FULL,
    "session.join": ALL,
    "chat.write": ALL,
    "call.join": ALL,
    "presence.write": ALL,
    "snapshot.take": {Role.OWNER},
    "snapshot.manage": {Role.OWNER},
    "workspace.configure": {Role.OWNER},
    "workspace.share": {Role.OWNER},
    "workspace.delete": {Role.OWNER},
    "share.leave": ALL - {Role.OWNER, Role.GROUP_MEMBER},
}


def test_the_table_names_every_capability() -> None:
    assert set(TABLE) == {capability.value for capability in Capability}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("capability", Capability)
def test_table(role: Role, capability: Capability) -> None:
    assert allows(role, capability) == (role in TABLE[capability])


def test_nobody_may_nothing() -> None:
    assert not any(allows(None, capability) for capability in Capability)


def test_strongest_role_applies() -> None:
    assert strongest({Role.WATCHER, Role.MEMBER, Role.GUEST}) is Role.MEMBER
    assert strongest(set()) is None


def test_a_stronger_full_role_never_holds_less_of_the_work() -> None:
    assert ACCESS[Role.MEMBER] - {Capability.SHARE_LEAVE} <= ACCESS[Role.OWNER]
