"""Around every request: its identifier, the Origin check, security headers, the log line, and the last-resort error."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import secrets
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coterie.hub import metrics
from coterie.hub.api.failures import failure
from coterie.hub.logs import request_id
from coterie.hub.origin import origin_allowed
from coterie.hub.settings import Settings
from coterie.wire.errors import CoterieError, ErrorCode

logger = logging.getLogger(__name__)

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
LARGEST_BODY = 1 << 20
"""Bytes of a request's body, which is read into memory, but for uploads, which are streamed."""
BODY_WITHIN = 30.0
"""Seconds in which such a body must be there: whoever sends it a byte a minute holds a connection for nothing."""

STREAMED = re.compile(r"/api/v1/workspaces/(from-archive$|[^/]+/files/)")
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; frame-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Nothing from another origin. Inline styles are needed by the component library and the editor, scripts never are."""

HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "geolocation=(), payment=(), usb=(), serial=(), hid=(), midi=()",
}
STRICT_TRANSPORT = "max-age=31536000"


class _HeadSent(Exception):  # noqa: N818 not a failure
    """A HEAD request has been answered: what would have been the body is not wanted."""


class Guard:
    """The outermost layer of the application. HEAD is answered as GET is, without the body (RFC 9110, 9.3.2)."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        identifier = secrets.token_hex(8)
        token = request_id.set(identifier)
        began = time.perf_counter()
        status = 0
        head = scope["method"] == "HEAD"
        inner = {**scope, "method": "GET"} if head else scope

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._add_headers(MutableHeaders(raw=message["headers"]), identifier)
                self._note(scope["method"], inner, status, time.perf_counter() - began)
            elif head:
                # An event stream would never end by itself.
                await send({"type": "http.response.body", "body": b""})
                raise _HeadSent
            await send(message)

        try:
            await self._guarded(inner, receive, sending)
        except _HeadSent:
            return
        except Exception:
            logger.exception("a request failed", extra={"path": scope["path"]})
            if status:
                raise
            error = CoterieError(
                ErrorCode.INTERNAL,
                f"Something in Coterie failed. Try again; if it stays, tell your administrator “{identifier}”.",
            )
            with contextlib.suppress(_HeadSent):
                await failure(error)(inner, receive, sending)
        finally:
            request_id.reset(token)

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in SAFE and not origin_allowed(Headers(scope=scope), self._settings):
            sentence = "This request came from another site and was refused. Open Coterie at its own address."
            if self._settings.public_url:
                sentence = f"This request was refused: open Coterie at {self._settings.public_url}."
            await failure(CoterieError(ErrorCode.FORBIDDEN, sentence))(scope, receive, send)
            return
        if scope["method"] not in SAFE and not STREAMED.match(scope["path"]):
            receive = _bounded(receive)
        await self._app(scope, receive, send)

    def _add_headers(self, headers: MutableHeaders, identifier: str) -> None:
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        if self._settings.secure:
            headers.setdefault("strict-transport-security", STRICT_TRANSPORT)
        headers.setdefault("cache-control", "no-store")
        headers["x-request-id"] = identifier

    def _note(self, method: str, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "other")
        metrics.REQUESTS.labels(method, route, status).inc()
        metrics.REQUEST_SECONDS.labels(route).observe(seconds)
        quiet = scope["path"] in QUIET or not scope["path"].startswith("/api/")
        logger.log(
            logging.DEBUG if quiet else logging.INFO,
            "%s %s %s",
            method,
            scope["path"],
            status,
            extra={"ms": round(seconds * 1000, 1)},
        )


def _bounded(receive: Receive) -> Receive:
    received = 0
    whole = False
    due = asyncio.get_running_loop().time() + BODY_WITHIN

    async def receiving() -> Message:
        nonlocal received, whole
        try:
            async with asyncio.timeout_at(None if whole else due):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408, headers={"connection": "close"}) from None
        whole = not message.get("more_body", False)
        received += len(message.get("body", b""))
        if received > LARGEST_BODY:
            # The framework turns any other exception from reading a body into "bad request".
            raise HTTPException(ErrorCode.TOO_BIG.status)
        return message

    return receiving
