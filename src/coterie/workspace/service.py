"""What every noun of the workspace server is to the connections: messages it handles, and who came and went."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeAlias

from coterie.wire.messages import ClientMessage
from coterie.workspace.member import Member

Handler: TypeAlias = Callable[[Member, Any], Awaitable[None] | None]
"""Takes one message of one member, who may send it: the capability was checked.

One that returns an awaitable is carried on as a task, started in the order of the messages, and goes on when the member
leaves. A CoterieError becomes `Failed` with the message's request number (0 where it has none).
"""


class Service(Protocol):
    """A part of the workspace server. All methods are called on the event loop's thread."""

    def handlers(self) -> dict[type[ClientMessage], Handler]:
        """Return who handles which message; a message has exactly one handler among all services."""
        ...

    def joined(self, member: Member) -> None:
        """A member connected. Called before any of its messages."""
        ...

    def left(self, member: Member) -> None:
        """A member is gone. Nothing of it comes any more; what is sent to it goes nowhere."""
        ...

    def paused(self, member: Member) -> None:
        """The member takes in less than is sent: send it nothing more that it can be resynchronised for later.

        Whoever ignores this makes the connection end with `Closing.FELL_BEHIND`.
        """
        ...

    def resumed(self, member: Member) -> None:
        """The member caught up: resynchronise it."""
        ...

    async def start(self) -> None: ...

    async def stop(self) -> None:
        """Save everything and let go of processes and files. No member is connected any more."""
        ...
