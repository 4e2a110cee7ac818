"""HTTP for web ports: in front of the hub's own application, so that no request for a port ever reaches that."""

from __future__ import annotations

import asyncio
import html
import logging
from typing import Any
from urllib.parse import parse_qs, quote

import h11
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from coterie.hub.core import Hub
from coterie.hub.gate.gate import Gate
from coterie.hub.ports import address, headers
from coterie.hub.ports.address import Place
from coterie.hub.ports.passes import COOKIE, COOKIE_LIFETIME, SECURE_COOKIE, Passes
from coterie.hub.ports.visit import LARGEST_HEAD, Front, Visit, from_elsewhere
from coterie.wire.errors import CoterieError, ErrorCode

logger = logging.getLogger(__name__)

ENTER = "/.coterie/enter"
"""On a port's origin: changes a code for the cookie. The only path that the program does not get."""

_PIECE = 64 << 10
_QUIET_FOR = 300.0
"""Seconds a program may take for its next bytes."""


class PortsFront:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, hub: Hub, passes: Passes) -> None:
        self._app = app
        self._hub = hub
        self._passes = passes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        found = Headers(scope=scope)
        place = address.parse(found.get("host", ""), self._hub.settings)
        if place is None:
            await self._app(scope, receive, send)
            return
        try:
            answer = await self._answer(scope, receive, send, found, place)
        except CoterieError as error:
            logger.info("a web port was not opened: %s", error, extra={"workspace": place.workspace})
            answer = _page(error)
        if answer is not None:
            await answer(scope, receive, send)

    async def _answer(
        self, scope: Scope, receive: Receive, send: Send, found: Headers, place: Place
    ) -> Response | None:
        if scope["path"] == ENTER:
            return await self._enter(scope, place)
        gate: Gate | None = getattr(scope["app"].state, "gate", None)
        if gate is None:
            raise CoterieError(ErrorCode.UNAVAILABLE, "Coterie is just starting or stopping. Try again in a moment.")
        if from_elsewhere(found, self._hub, place):
            raise CoterieError(ErrorCode.FORBIDDEN, "This request came from a page of another place and was refused.")
        visit = await Front(self._hub, gate, self._passes).admit(found, place)
        if visit is None:
            return self._through_the_hub(scope, found, place)
        await self._carry(visit, place, scope, receive, send)
        return None

    async def _enter(self, scope: Scope, place: Place) -> Response:
        query = parse_qs(scope["query_string"].decode("ascii", "replace"))
        entry = await self._passes.spend(query.get("code", [""])[0], place)
        if entry is None:
            raise CoterieError(ErrorCode.EXPIRED, "This link was used already or is too old. Open the port again.")
        secure = self._hub.settings.secure
        answer = RedirectResponse(own_path(query.get("to", ["/"])[0]), 303)
        answer.set_cookie(
            SECURE_COOKIE if secure else COOKIE,
            self._passes.cookie(entry),
            max_age=COOKIE_LIFETIME,
            secure=secure,
            httponly=True,
            samesite="lax",
        )
        # The code is in this address: it must not travel on as a referrer.
        answer.headers["referrer-policy"] = "no-referrer"
        answer.headers["cache-control"] = "no-store"
        return answer

    def _through_the_hub(self, scope: Scope, found: Headers, place: Place) -> Response:
        """A page that is opened is sent through the hub, which knows who it is; anything else is refused."""
        navigation = found.get("sec-fetch-mode", "navigate" if "text/html" in found.get("accept", "") else "")
        if scope["method"] != "GET" or navigation != "navigate":
            raise CoterieError(ErrorCode.SIGNED_OUT, "Open this port from its workspace first.")
        path = scope.get("raw_path", b"/").decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        wanted = quote(path + (f"?{query}" if query else ""), safe="")
        settings = self._hub.settings
        target = f"{settings.address}/open/{place.workspace}/{place.port}#{wanted}"
        return RedirectResponse(target, 303, headers={"cache-control": "no-store"})

    async def _carry(self, visit: Visit, place: Place, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = _Exchange(visit, place, address.origin(place, self._hub.settings))
        try:
            await visit.open()
            await exchange.run(scope, receive, send)
        except asyncio.CancelledError:
            if not visit.revoked:
                raise
            # Returning before the body is whole makes uvicorn cut the connection.
            if task := asyncio.current_task():
                task.uncancel()
        except (OSError, TimeoutError, h11.RemoteProtocolError) as error:
            logger.info("a web port's answer failed", extra={"workspace": place.workspace, "detail": repr(error)})
            if not exchange.started:
                sentence = f"The program on port {place.port} gave no answer that a browser understands."
                raise CoterieError(ErrorCode.UNAVAILABLE, sentence) from None
        finally:
            visit.close()


class _Exchange:
    """One request to a program and its answer, neither of them believed to be well formed."""

    def __init__(self, visit: Visit, place: Place, origin: str) -> None:
        self._visit = visit
        self._place = place
        self._origin = origin
        self._protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=LARGEST_HEAD)
        self.started = False

    async def run(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        sent = headers.to_program(scope["headers"], self._place, self._origin)
        try:
            request = h11.Request(
                method=scope["method"],
                target=scope.get("raw_path", b"/") + query,
                headers=[*sent, (b"connection", b"close")],
            )
            await self._write(request)
        except h11.LocalProtocolError as error:
            raise CoterieError(ErrorCode.INVALID, "This request makes no sense.", repr(error)) from None
        asking = asyncio.create_task(self._ask(receive))
        try:
            await self._answer(send)
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    async def _ask(self, receive: Receive) -> None:
        """Send the body; afterwards cut the program off when nobody waits for its answer any more."""
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                break
            if data := message.get("body", b""):
                await self._write(h11.Data(data=data))
            more = message.get("more_body", False)
        else:
            await self._write(h11.EndOfMessage())
            while (await receive())["type"] != "http.disconnect":
                pass
        assert self._visit.writer
        self._visit.writer.transport.abort()

    async def _write(self, event: Any) -> None:
        assert self._visit.writer
        data = self._protocol.send(event)
        if data:
            self._visit.writer.write(data)
            await self._visit.writer.drain()

    async def _answer(self, send: Send) -> None:
        while True:
            event = self._protocol.next_event()
            if event is h11.NEED_DATA:
                async with asyncio.timeout(_QUIET_FOR):
                    self._protocol.receive_data(await self._visit.reader.read(_PIECE))
            elif isinstance(event, h11.Response):
                self.started = True
                sent = headers.to_browser(event.headers, self._place)
                await send({"type": "http.response.start", "status": event.status_code, "headers": sent})
            elif isinstance(event, h11.Data):
                await send({"type": "http.response.body", "body": bytes(event.data), "more_body": True})
            elif isinstance(event, h11.EndOfMessage):
                await send({"type": "http.response.body", "body": b""})
                return
            elif isinstance(event, h11.ConnectionClosed) or event is h11.PAUSED:
                raise ConnectionError("the program closed the connection before its answer was whole")


def own_path(wanted: str) -> str:
    """Return `wanted` if it is a path of this origin and leads nowhere else, `/` otherwise."""
    safe = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if safe else "/"


def _page(error: CoterieError) -> Response:
    if error.code is ErrorCode.SIGNED_OUT:
        return PlainTextResponse(error.sentence, error.code.status)
    text = html.escape(error.sentence)
    return HTMLResponse(
        f'<!doctype html><meta charset="utf-8"><title>Coterie</title><p>{text}</p>',
        error.code.status,
        headers={"content-security-policy": "default-src 'none'", "cache-control": "no-store"},
    )
