"""Who may do what: the one access table, which hub and workspace server both read.

The table is the one in `docs/reference/access.md`. A role holds a capability or it does not; a person who holds
several roles on a workspace acts with the strongest. Every route and message names exactly one capability.
"""

from __future__ import annotations

from enum import StrEnum


class Capability(StrEnum):
    """One thing that can be done in or to a workspace."""

    WORKSPACE_SEE = "workspace.see"
    WORKSPACE_OPEN = "workspace.open"
    WORKSPACE_START = "workspace.start"
    WORKSPACE_STOP = "workspace.stop"
    WORKSPACE_CONFIGURE = "workspace.configure"
    WORKSPACE_SHARE = "workspace.share"
    WORKSPACE_DELETE = "workspace.delete"
    FILE_READ = "file.read"
    FILE_WRITE = "file.write"
    DOCUMENT_READ = "document.read"
    DOCUMENT_WRITE = "document.write"
    BOARD_READ = "board.read"
    BOARD_WRITE = "board.write"
    NOTEBOOK_READ = "notebook.read"
    NOTEBOOK_WRITE = "notebook.write"
    TERMINAL_READ = "terminal.read"
    TERMINAL_OPEN = "terminal.open"
    TERMINAL_WRITE = "terminal.write"
    TERMINAL_RESIZE = "terminal.resize"
    TERMINAL_CLOSE = "terminal.close"
    KERNEL_EXECUTE = "kernel.execute"
    KERNEL_INTERRUPT = "kernel.interrupt"
    KERNEL_RESTART = "kernel.restart"
    PORT_OPEN = "port.open"
    SESSION_START = "session.start"
    SESSION_MANAGE = "session.manage"
    SESSION_JOIN = "session.join"
    CHAT_WRITE = "chat.write"
    CALL_JOIN = "call.join"
    PRESENCE_WRITE = "presence.write"
    SNAPSHOT_TAKE = "snapshot.take"
    SNAPSHOT_MANAGE = "snapshot.manage"
    SHARE_LEAVE = "share.leave"


class Role(StrEnum):
    """What a person is to one workspace, strongest first."""

    OWNER = "owner"
    GROUP_MEMBER = "group-member"
    MEMBER = "member"
    EDITOR = "editor"
    """A viewer or link visitor who "can edit"."""
    WATCHER = "watcher"
    """A viewer or link visitor who "can only watch"."""
    GUEST = "guest"
    READ_ONLY_GUEST = "read-only-guest"


C = Capability

_READ = frozenset(
    {
        C.WORKSPACE_OPEN,
        C.FILE_READ,
        C.DOCUMENT_READ,
        C.TERMINAL_READ,
        C.BOARD_READ,
        C.NOTEBOOK_READ,
        C.CHAT_WRITE,
        C.CALL_JOIN,
        C.PRESENCE_WRITE,
        C.SESSION_JOIN,
    }
)
_EDIT = _READ | {
    C.FILE_WRITE,
    C.DOCUMENT_WRITE,
    C.BOARD_WRITE,
    C.NOTEBOOK_WRITE,
    C.TERMINAL_OPEN,
    C.TERMINAL_WRITE,
    C.TERMINAL_RESIZE,
    C.TERMINAL_CLOSE,
    C.KERNEL_EXECUTE,
    C.KERNEL_INTERRUPT,
    C.KERNEL_RESTART,
    C.PORT_OPEN,
}
_FULL = _EDIT | {
    C.WORKSPACE_SEE,
    C.WORKSPACE_START,
    C.WORKSPACE_STOP,
    C.SESSION_START,
    C.SESSION_MANAGE,
}

ACCESS: dict[Role, frozenset[Capability]] = {
    Role.OWNER: frozenset(
        _FULL
        | {
            C.SNAPSHOT_TAKE,
            C.SNAPSHOT_MANAGE,
            C.WORKSPACE_CONFIGURE,
            C.WORKSPACE_SHARE,
            C.WORKSPACE_DELETE,
        }
    ),
    Role.GROUP_MEMBER: frozenset(_FULL),
    Role.MEMBER: frozenset(_FULL | {C.SHARE_LEAVE}),
    Role.EDITOR: frozenset(_EDIT | {C.WORKSPACE_SEE, C.SHARE_LEAVE}),
    Role.WATCHER: frozenset(_READ | {C.WORKSPACE_SEE, C.SHARE_LEAVE}),
    Role.GUEST: frozenset(_EDIT | {C.WORKSPACE_SEE, C.SHARE_LEAVE}),
    Role.READ_ONLY_GUEST: frozenset(_READ | {C.WORKSPACE_SEE, C.SHARE_LEAVE}),
}

_STRENGTH = {role: rank for rank, role in enumerate(Role)}


def strongest(roles: set[Role]) -> Role | None:
    """Return the strongest of `roles`, or None when there is none."""
    return min(roles, key=_STRENGTH.__getitem__, default=None)


def allows(role: Role | None, capability: Capability) -> bool:
    """Whether `role` holds `capability`; nobody (None) holds nothing."""
    return role is not None and capability in ACCESS[role]


_unused = set(Capability) - frozenset().union(*ACCESS.values())
if _unused:
    raise RuntimeError(f"capabilities that no role holds: {sorted(_unused)}")
