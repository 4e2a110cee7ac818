"""One HTTP request carried to a workspace server: bounded, revocable, and with nothing of its answer believed."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from urllib.parse import quote

import httpx
from fastapi import Response
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from coterie.hub.gate.gate import Gate, Refused
from coterie.hub.gate.link import make_grant
from coterie.hub.identity import Identity
from coterie.wire import tickets
from coterie.wire.capabilities import Capability, Role
from coterie.wire.closing import Closing
from coterie.wire.errors import CoterieError, ErrorCode
from coterie.wire.ids import new_id

logger = logging.getLogger(__name__)
logging.getLogger("httpx").setLevel(logging.WARNING)  # the hub's own line about each request is enough

_TIMEOUT = httpx.Timeout(60.0, connect=5.0)
"""Seconds without progress, in either direction."""

_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Workspace servers are reached without TLS; making a context that is never used would take longer than a request."""

_FORWARDED = ("range", "if-range", "if-match", "if-none-match", "content-length")
_KEPT = ("etag", "accept-ranges", "content-range", "content-length")
_STATUSES = frozenset({200, 201, 204, 206, 304, 416})
_LARGEST_ANSWER = 64 << 10
_LONGEST_SENTENCE = 500


class Transfer:
    """A request under way. A registry's `Connection`: whoever loses access loses it in the middle of a file, too."""

    def __init__(self, gate: Gate, workspace: str, identity: Identity, role: Role, capability: Capability) -> None:
        self.workspace = workspace
        self.user = identity.user
        self.login = identity.login
        self.grant = make_grant(new_id(), identity.login, role)
        self.revoked: Closing | None = None
        self._gate = gate
        self._ticket = gate.ticket(workspace, identity, role, self.grant, frozenset({capability}))
        self.task = asyncio.current_task()
        self._client: httpx.AsyncClient
        self._response: httpx.Response

    @property
    def status(self) -> int:
        """The answer's status."""
        return self._response.status_code

    def revoke(self, closing: Closing) -> None:
        """See `registry.Connection`."""
        self.revoked = closing
        if self.task:
            self.task.cancel()

    async def open(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: AsyncIterator[bytes] | None = None,
    ) -> None:
        """Send the request and wait for the answer's head. Raises CoterieError: what the workspace server refused with.

        Without an error the caller must `close`.
        """
        if self._gate.registry.full(self.user):
            sentence = "You have too many connections and transfers under way. Wait for some of them to end."
            raise CoterieError(ErrorCode.UNAVAILABLE, sentence)
        try:
            address = await self._gate.reach(self.workspace)
        except Refused as refused:
            code = ErrorCode.NOT_RUNNING if refused.closing is Closing.NOT_RUNNING else ErrorCode.UNAVAILABLE
            raise CoterieError(code, refused.closing.sentence) from None
        if isinstance(address, Path):
            transport, base = httpx.AsyncHTTPTransport(uds=str(address), verify=_NO_TLS), "http://workspace"
        else:
            transport, base = httpx.AsyncHTTPTransport(verify=_NO_TLS), f"http://{address[0]}:{address[1]}"
        self._client = httpx.AsyncClient(transport=transport, timeout=_TIMEOUT, trust_env=False)
        sent = {name: headers[name] for name in _FORWARDED if name in headers}
        request = self._client.build_request(
            method,
            f"{base}/files/{quote(path)}",
            params=query,
            headers={**sent, tickets.HEADER: self._ticket, "accept-encoding": "identity"},
            content=body,
        )
        self._gate.registry.add(self)
        try:
            self._response = await self._client.send(request, stream=True)
            if self.status not in _STATUSES:
                raise await self._failure()
        except BaseException as error:
            await self.close()
            raise self._told(error) from None

    async def body(self) -> AsyncIterator[bytes]:
        """Give the answer's body as it comes. Raises httpx.HTTPError when it ends early."""
        async for data in self._response.aiter_raw():
            yield data

    async def number(self, name: str) -> int:
        """Return a number in an answer that is a small JSON object, and close."""
        try:
            return int(json.loads(await self._small())[name])
        except (ValueError, KeyError, TypeError, httpx.HTTPError) as error:
            raise _nonsense(repr(error)) from None
        finally:
            await self.close()

    def answer(self, headers: Mapping[str, str]) -> Response:
        """The answer to the caller: the bytes as they come, under `headers`."""
        return TransferResponse(self, headers)

    def headers(self) -> dict[str, str]:
        """Those headers of the answer that say something about the bytes and nothing about what they are."""
        return {name: self._response.headers[name] for name in _KEPT if name in self._response.headers}

    async def close(self) -> None:
        """Let go of the workspace server."""
        self._gate.registry.remove(self.grant)
        if hasattr(self, "_response"):
            await self._response.aclose()
        await self._client.aclose()

    async def _small(self) -> bytes:
        data = b""
        async for piece in self.body():
            data += piece
            if len(data) > _LARGEST_ANSWER:
                raise ValueError("too much")
        return data

    async def _failure(self) -> CoterieError:
        try:
            answer = json.loads(await self._small())
            code, sentence = ErrorCode(answer["code"]), str(answer["sentence"])
        except (ValueError, KeyError, TypeError) as error:
            return _nonsense(repr(error))
        return CoterieError(code, sentence[:_LONGEST_SENTENCE], "from the workspace server")

    def _told(self, error: BaseException) -> BaseException:
        if self.revoked is not None and isinstance(error, asyncio.CancelledError) and self.task:
            self.task.uncancel()
            return CoterieError(ErrorCode.FORBIDDEN, self.revoked.sentence)
        if isinstance(error, httpx.HTTPError):
            return CoterieError(ErrorCode.UNAVAILABLE, Closing.UNREACHABLE.sentence, repr(error))
        return error


class TransferResponse(Response):
    """The answer as the caller gets it: the workspace server's bytes under the hub's own headers."""

    def __init__(self, transfer: Transfer, headers: Mapping[str, str]) -> None:
        super().__init__(status_code=transfer.status, headers={**transfer.headers(), **headers})
        if "content-length" not in transfer.headers() and "content-length" in self.headers:
            del self.headers["content-length"]
        self._transfer = transfer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        transfer = self._transfer
        transfer.task = asyncio.current_task()
        watching = asyncio.create_task(_gone(receive, transfer))
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            async for data in transfer.body():
                await send({"type": "http.response.body", "body": data, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        except asyncio.CancelledError:
            # Returning before the body is whole makes uvicorn cut the connection, which is all that can still be said.
            if transfer.revoked is None and not watching.done():
                raise
            if task := asyncio.current_task():
                task.uncancel()
        except (httpx.HTTPError, OSError, ClientDisconnect) as error:
            logger.info("a transfer was cut short", extra={"detail": repr(error)})
        finally:
            watching.cancel()
            await transfer.close()


async def _gone(receive: Receive, transfer: Transfer) -> None:
    """Stop reading from the machine when nobody takes it any more."""
    while (await receive())["type"] != "http.disconnect":
        pass
    if transfer.task:
        transfer.task.cancel()


def _nonsense(detail: str) -> CoterieError:
    return CoterieError(ErrorCode.UNAVAILABLE, "The workspace answered something that makes no sense.", detail)
