"""Live state for pages: who listens, what changed for them, and the events that say so."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterator

from sqlalchemy.ext.asyncio import AsyncSession

from coterie.hub import access
from coterie.hub.api import schemas
from coterie.hub.api.views import me_view, workspace_view
from coterie.hub.db.engine import Database
from coterie.hub.db.tables import User
from coterie.hub.identity import Identity
from coterie.hub.news import News, Revoked, UserChanged, WorkspaceChanged

HEARTBEAT = 15.0
"""Seconds of silence after which a comment is sent, so that proxies keep the connection and a dead one is noticed."""

MOST_CHANGES = 500
"""Changed workspaces a listener may have waiting; past that it starts again from a fresh snapshot."""


MOST_LISTENERS = 256
"""Pages of one person that listen at once; of more, the one that came first is let go."""


class Subscription:
    """One listener. It holds *what* changed and not the changes, so it is bounded however slow its reader is."""

    def __init__(self, identity: Identity) -> None:
        self.user = identity.user
        self.login = identity.login
        self.changed: dict[str, None] = {}
        self.me = False
        self.fresh = True
        """The next thing to send is a snapshot."""
        self.ended = False
        self.wake = asyncio.Event()

    def mark(self, workspace: str) -> None:
        self.changed[workspace] = None
        if len(self.changed) > MOST_CHANGES:
            self.reset()
        self.wake.set()

    def reset(self) -> None:
        self.changed.clear()
        self.fresh = True
        self.wake.set()

    def end(self) -> None:
        self.ended = True
        self.wake.set()


class Bus:
    """The listeners of this process. News is delivered after commit only."""

    def __init__(self) -> None:
        self._by_user: defaultdict[str, dict[Subscription, None]] = defaultdict(dict)

    def __len__(self) -> int:
        return sum(map(len, self._by_user.values()))

    @contextlib.contextmanager
    def subscribe(self, identity: Identity) -> Iterator[Subscription]:
        """Listen for as long as the block lasts."""
        subscription = Subscription(identity)
        listeners = self._by_user[identity.user]
        if len(listeners) >= MOST_LISTENERS:
            first = next(iter(listeners))
            del listeners[first]
            first.end()
        listeners[subscription] = None
        try:
            yield subscription
        finally:
            self._by_user[identity.user].pop(subscription, None)
            if not self._by_user[identity.user]:
                del self._by_user[identity.user]

    def deliver(self, news: News) -> None:
        """Tell the listeners whom it concerns."""
        match news:
            case WorkspaceChanged(workspace, users):
                for user in users:
                    for subscription in self._by_user.get(user, ()):
                        subscription.mark(workspace)
            case UserChanged(user):
                for subscription in self._by_user.get(user, ()):
                    subscription.me = True
                    subscription.wake.set()
            case Revoked(user=user, workspace=None, login=login):
                for subscription in self.subscriptions():
                    if (user is None or subscription.user == user) and (login is None or subscription.login == login):
                        subscription.end()
            case Revoked():
                pass

    def reset(self) -> None:
        """News may have been missed: every listener starts again from a snapshot."""
        for subscription in self.subscriptions():
            subscription.reset()

    def end(self) -> None:
        """End every listener; browsers reconnect to the next process."""
        for subscription in self.subscriptions():
            subscription.end()

    def subscriptions(self) -> list[Subscription]:
        """Everyone who listens."""
        return [subscription for group in self._by_user.values() for subscription in group]


async def follow(database: Database, subscription: Subscription) -> AsyncGenerator[schemas.Event | None, None]:
    """Yield events from a snapshot on until the subscription ends; None is a heartbeat.

    What changed is taken off the list *before* it is read from the database: a change during the read is marked again,
    so the last event about a workspace is never older than its last change.
    """
    shown: set[str] = set()
    while not subscription.ended:
        subscription.wake.clear()
        if subscription.fresh:
            subscription.fresh = subscription.me = False
            subscription.changed.clear()
            async with database.read() as session:
                snapshot = await _snapshot(session, subscription.user)
            if snapshot is None:
                return
            shown = {workspace.id for workspace in snapshot.workspaces}
            yield snapshot
        elif subscription.me:
            subscription.me = False
            async with database.read() as session:
                user = await session.get(User, subscription.user)
            if user is None:
                return
            yield schemas.MeEvent(me=me_view(user))
        elif subscription.changed:
            workspace = next(iter(subscription.changed))
            del subscription.changed[workspace]
            async with database.read() as session:
                found = await access.visible(session, subscription.user, workspace)
            if found:
                shown.add(workspace)
                yield schemas.WorkspaceEvent(workspace=workspace_view(*found[0]))
            elif workspace in shown:
                shown.discard(workspace)
                yield schemas.GoneEvent(id=workspace)
        else:
            try:
                async with asyncio.timeout(HEARTBEAT):
                    await subscription.wake.wait()
            except TimeoutError:
                yield None


async def _snapshot(session: AsyncSession, user_id: str) -> schemas.SnapshotEvent | None:
    user = await session.get(User, user_id)
    if user is None:
        return None
    found = await access.visible(session, user_id)
    return schemas.SnapshotEvent(me=me_view(user), workspaces=[workspace_view(*each) for each in found])
