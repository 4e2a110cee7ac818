"""Server-sent events: what changes while a page is open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, MutableMapping
from typing import Any

from fastapi import Response
from starlette.types import Receive, Scope, Send

from coterie.hub.api import schemas
from coterie.hub.api.routing import Caller, Need, Router, TheHub
from coterie.hub.core import Hub
from coterie.hub.events import follow
from coterie.hub.identity import Identity

router = Router("events")

SEND_WITHIN = 20.0
"""Seconds a reader may take for one event. A slower one is let go; it reconnects and starts from a fresh snapshot."""

RECONNECT_AFTER = 1000
"""Milliseconds, told to the browser."""


class EventStream(Response):
    """Sends events until the reader or the subscription ends."""

    media_type = "text/event-stream"

    def __init__(self, hub: Hub, caller: Identity) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        # The length of a stream is not known.
        del self.headers["content-length"]
        self._hub = hub
        self._caller = caller

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        with self._hub.bus.subscribe(self._caller) as subscription:
            leaving = asyncio.create_task(_gone(receive))
            leaving.add_done_callback(lambda _: subscription.end())
            events = follow(self._hub.database, subscription)
            try:
                await self._send_all(events, send)
            except TimeoutError:
                return
            finally:
                leaving.cancel()
                await asyncio.wait([leaving])
                await events.aclose()

    async def _send_all(self, events: AsyncGenerator[schemas.Event | None, None], send: Send) -> None:
        await _send(send, f"retry: {RECONNECT_AFTER}\n\n".encode())
        async for event in events:
            await _send(send, b":\n\n" if event is None else f"data: {event.model_dump_json()}\n\n".encode())
        await send({"type": "http.response.body", "body": b""})


async def _send(send: Send, body: bytes) -> None:
    async with asyncio.timeout(SEND_WITHIN):
        await send({"type": "http.response.body", "body": body, "more_body": True})


async def _gone(receive: Receive) -> None:
    message: MutableMapping[str, Any] = {}
    while message.get("type") != "http.disconnect":
        message = await receive()


@router.route(
    "GET",
    "/events",
    Need.SIGNED_IN,
    status_code=200,
    response_class=EventStream,
    response_model=None,
    responses={
        200: {
            "description": "Unnamed server-sent events; the `data` of each is an Event. The first is a snapshot.",
            "content": {"text/event-stream": {"schema": {"$ref": "#/components/schemas/Event"}}},
        }
    },
)
async def get_events(caller: Caller, hub: TheHub) -> EventStream:
    """Everything the caller sees, live: first a snapshot, then each change after its commit."""
    return EventStream(hub, caller)
