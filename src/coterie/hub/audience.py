"""Those who are here, connected through the gate or listening to events: what is decided reaches them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from coterie.hub.events import Bus
from coterie.hub.news import News, Revoked
from coterie.wire.closing import Closing


class Connection(Protocol):
    """What the hub needs to know of a live connection: whose it is, where to, and what it was let in with."""

    @property
    def grant(self) -> str: ...
    @property
    def user(self) -> str: ...
    @property
    def login(self) -> str: ...
    @property
    def workspace(self) -> str: ...


class Revoker(Protocol):
    """What the gate's registry of live connections does for the hub."""

    def connections(self) -> Sequence[Connection]:
        """Every live connection."""
        ...

    def doubt(self) -> None:
        """Have every decision that is under way made again."""
        ...

    def revoke(
        self, *, user: str | None = None, workspace: str | None = None, login: str | None = None, closing: Closing
    ) -> int:
        """Close every connection that matches all that is given; return how many there were."""
        ...


class Audience:
    """Everyone who is connected to this process, or listens to it."""

    def __init__(self, bus: Bus, registry: Revoker) -> None:
        self._bus = bus
        self._registry = registry

    def connections(self) -> Sequence[Connection]:
        """Every live connection."""
        return self._registry.connections()

    def holders(self) -> set[tuple[str, str]]:
        """Every user with the login or token they are here by."""
        connected = {(each.user, each.login) for each in self.connections()}
        return connected | {(each.user, each.login) for each in self._bus.subscriptions()}

    def deliver(self, news: News) -> None:
        """Act on news, this process's own and other replicas'."""
        if isinstance(news, Revoked):
            self._registry.revoke(user=news.user, workspace=news.workspace, login=news.login, closing=news.closing)
        self._bus.deliver(news)

    def missed(self) -> None:
        """News may have been missed: nothing that is shown or being let through is believed any more."""
        self._bus.reset()
        self._registry.doubt()
