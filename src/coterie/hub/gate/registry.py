"""Every live connection that this hub let through or took over, and ending those that lost their right."""

from __future__ import annotations

import logging
from collections import defaultdict
from typing import Protocol

from coterie.wire.closing import Closing

logger = logging.getLogger(__name__)

MOST_PER_USER = 512
"""Connections of one person over all workspaces: two hundred tabs must work, ten thousand must not."""


class Connection(Protocol):
    """One live connection, however it reaches its workspace server."""

    grant: str
    user: str
    login: str
    workspace: str

    def revoke(self, closing: Closing) -> None:
        """Have it closed with the reason, and within 1 s cut it whatever the workspace server does."""
        ...


class Registry:
    """Connections by who, with which login, and where. Implements the hub's `Revoker`."""

    def __init__(self) -> None:
        self._connections: dict[str, Connection] = {}
        self._users: defaultdict[str, set[str]] = defaultdict(set)
        self._workspaces: defaultdict[str, set[str]] = defaultdict(set)
        self.revocations = 0
        """How often something was revoked, or may have been: a decision that saw another number must be made again."""

    def __len__(self) -> int:
        return len(self._connections)

    def __contains__(self, grant: str) -> bool:
        return grant in self._connections

    def add(self, connection: Connection) -> None:
        """Keep a connection that was let through."""
        self._connections[connection.grant] = connection
        self._users[connection.user].add(connection.grant)
        self._workspaces[connection.workspace].add(connection.grant)

    def remove(self, grant: str) -> None:
        """Forget a connection that ended; no-op for an unknown one."""
        connection = self._connections.pop(grant, None)
        if connection is None:
            return
        for index, key in ((self._users, connection.user), (self._workspaces, connection.workspace)):
            index[key].discard(grant)
            if not index[key]:
                del index[key]

    def get(self, grant: str) -> Connection | None:
        """Return the connection that has this grant."""
        return self._connections.get(grant)

    def connections(self) -> list[Connection]:
        """Every live connection."""
        return list(self._connections.values())

    def doubt(self) -> None:
        """Have every decision that is under way made again: what it was made on may have changed unnoticed."""
        self.revocations += 1

    def full(self, user: str) -> bool:
        """Whether the person has as many connections as anyone may have."""
        return len(self._users.get(user, ())) >= MOST_PER_USER

    def people(self, workspace: str) -> set[str]:
        """Who is connected to a workspace, as user identifiers."""
        return {self._connections[grant].user for grant in self._workspaces.get(workspace, ())}

    def revoke(
        self, *, user: str | None = None, workspace: str | None = None, login: str | None = None, closing: Closing
    ) -> int:
        """Close every connection that matches all that is given; return how many there were."""
        self.revocations += 1
        grants = set(self._connections)
        if user is not None:
            grants &= self._users.get(user, set())
        if workspace is not None:
            grants &= self._workspaces.get(workspace, set())
        found = [self._connections[grant] for grant in grants]
        found = [connection for connection in found if login is None or connection.login == login]
        for connection in found:
            connection.revoke(closing)
        if found:
            logger.info("revoked %d connections", len(found), extra={"closing": closing.name})
        return len(found)
