"""Everyone connected, and which service hears what they say: one capability check per message, before any handler."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from coterie.wire.capabilities import Capability
from coterie.wire.errors import CoterieError, ErrorCode
from coterie.wire.messages import CAPABILITY, ClientMessage
from coterie.wire.messages.connection import Failed
from coterie.wire.messages.terminals import TerminalAck
from coterie.workspace.activity import Activity
from coterie.workspace.member import Member
from coterie.workspace.service import Handler, Service

log = logging.getLogger("coterie.workspace")

_MOST_RUNNING = 256
"""Requests of one member that are carried out at the same time."""


class Members:
    """Joins members to the services and brings messages to their handlers."""

    def __init__(self, services: Sequence[Service], activity: Activity) -> None:
        self._services = tuple(services)
        self._activity = activity
        self._handlers: dict[type[ClientMessage], Handler] = {}
        for service in services:
            for message, handler in service.handlers().items():
                if message in self._handlers:
                    raise RuntimeError(f"{message.__name__} has two handlers")
                self._handlers[message] = handler
        self._allowed: dict[tuple[Capability, ...], dict[type[ClientMessage], Handler]] = {}
        self._joined: dict[Member, int] = {}
        self._tasks: set[asyncio.Future[None]] = set()

    @property
    def handled(self) -> frozenset[type[ClientMessage]]:
        """The messages that have a handler."""
        return frozenset(self._handlers)

    def join(self, member: Member) -> None:
        """Tell every service, in their order."""
        self._joined[member] = 0
        self._tell(member, lambda service: service.joined(member))

    def leave(self, member: Member) -> None:
        """Tell every service; no-op for one who left."""
        if self._joined.pop(member, None) is not None:
            self._tell(member, lambda service: service.left(member))

    def pause(self, member: Member) -> None:
        """The member's connection is full."""
        self._tell(member, lambda service: service.paused(member))

    def resume(self, member: Member) -> None:
        """The member's connection drained."""
        self._tell(member, lambda service: service.resumed(member))

    def receive(self, member: Member, message: ClientMessage) -> None:
        """Bring a message to its handler if the member may send it, and answer what goes wrong."""
        kind = type(message)
        if kind is not TerminalAck:
            self._activity.note()
        capabilities = member.ticket.capabilities
        allowed = self._allowed.get(capabilities)
        if allowed is None:
            allowed = self._allowed[capabilities] = {
                one: handler for one, handler in self._handlers.items() if CAPABILITY[one] in capabilities
            }
        handler = allowed.get(kind)
        if handler is None:
            self._fail(member, message, _forbidden(kind))
            return
        try:
            result = handler(member, message)
        except Exception as error:
            self._fail(member, message, error)
        else:
            if result is not None:
                self._carry_on(member, message, result)

    async def settle(self, within: float) -> None:
        """Wait for requests that are being carried out, at most `within` seconds."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within)

    def _carry_on(self, member: Member, message: ClientMessage, result: Awaitable[None]) -> None:
        running = self._joined.get(member, 0)
        if running >= _MOST_RUNNING:
            if asyncio.iscoroutine(result):
                result.close()
            busy = CoterieError(ErrorCode.TOO_FAST, "Too much was asked for at once. Wait a moment and try again.")
            self._fail(member, message, busy)
            return
        if member in self._joined:
            self._joined[member] = running + 1
        task = asyncio.ensure_future(result)
        self._tasks.add(task)

        def done(task: asyncio.Future[None]) -> None:
            self._tasks.discard(task)
            if member in self._joined:
                self._joined[member] -= 1
            if not task.cancelled() and (error := task.exception()) is not None:
                self._fail(member, message, error)

        task.add_done_callback(done)

    def _fail(self, member: Member, message: ClientMessage, error: BaseException) -> None:
        if isinstance(error, CoterieError):
            code, sentence = error.code, error.sentence
            log.info("%s by %s: %s", type(message).__name__, member.ticket.username, error)
        else:
            code, sentence = ErrorCode.INTERNAL, "Something went wrong in the workspace. Try again; its log says more."
            log.error("%s by %s failed", type(message).__name__, member.ticket.username, exc_info=error)
        member.send(Failed(getattr(message, "request", 0), code, sentence))

    def _tell(self, member: Member, what: Callable[[Service], None]) -> None:
        # One service that fails must not keep the others from hearing of it.
        for service in self._services:
            try:
                what(service)
            except Exception:
                log.exception("%s failed about connection %d", type(service).__name__, member.id)


def _forbidden(kind: type[ClientMessage]) -> CoterieError:
    return CoterieError(ErrorCode.FORBIDDEN, "You may only watch here.", f"{kind.__name__} needs {CAPABILITY[kind]}")
