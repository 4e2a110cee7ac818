"""Requests of the client to one hub: sent, streamed, and their failures told as CoterieError."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import msgspec

from coterie import __version__
from coterie.wire.decoding import UNREADABLE
from coterie.wire.errors import CoterieError, ErrorCode

if TYPE_CHECKING:
    import httpx

_T = TypeVar("_T")
_CHUNK = 1 << 18


class Connection:
    """One hub, as one person. Every method raises CoterieError with the hub's own code and sentence.

    UNAVAILABLE is raised when the hub cannot be reached at all.
    """

    def __init__(self, url: str, token: str = "", *, transport: httpx.BaseTransport | None = None) -> None:
        """`token` is a personal access token; without one, `sign_in` comes first."""
        # Only once a hub is asked: `coterie serve` has this module, too, and would carry several MB for nothing.
        import httpx  # noqa: PLC0415 see __init__

        self.url = url.rstrip("/")
        headers = {"User-Agent": f"coterie/{__version__}", "Origin": self.url}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._http = httpx.Client(base_url=f"{self.url}/api/v1", headers=headers, timeout=30, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def _ask(self, kind: type[_T], method: str, path: str, **options: Any) -> _T:
        return self._decode(kind, self._send(method, path, **options))

    def _decode(self, kind: type[_T], answer: httpx.Response) -> _T:
        try:
            return msgspec.json.decode(answer.content, type=kind)
        except UNREADABLE as error:
            sentence = f"{self.url} answered something else than a Coterie does. Check the address and the versions."
            raise CoterieError(ErrorCode.UNAVAILABLE, sentence, repr(error)) from None

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        import httpx  # noqa: PLC0415 see __init__

        try:
            answer = self._http.request(method, path, **options)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._unreachable(error) from None
        if answer.is_error:
            raise _error(answer)
        return answer

    def _upload(self, method: str, path: str, content: Iterator[bytes], **options: Any) -> httpx.Response:
        """Send bytes as they come; the answer is waited for however long it takes, as when much is unpacked."""
        import httpx  # noqa: PLC0415 see __init__

        headers = {"Content-Type": "application/octet-stream"}
        timeout = httpx.Timeout(30, read=None)
        return self._send(method, path, content=content, headers=headers, timeout=timeout, **options)

    @contextmanager
    def _stream(self, path: str, *, silence: float, **options: Any) -> Iterator[httpx.Response]:
        """Give the answer's head while its body comes; `silence` is the seconds after which it is taken for dead."""
        import httpx  # noqa: PLC0415 see __init__

        try:
            with self._http.stream("GET", path, timeout=httpx.Timeout(30, read=silence), **options) as answer:
                if answer.is_error:
                    answer.read()
                    raise _error(answer)
                yield answer
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._unreachable(error) from None

    def _unreachable(self, error: Exception) -> CoterieError:
        sentence = f"{self.url} does not answer. Check the address and that the hub runs."
        return CoterieError(ErrorCode.UNAVAILABLE, sentence, repr(error))


def pieces(content: bytes | Path) -> Iterator[bytes]:
    """Give bytes, or those of a file, piece by piece."""
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        while piece := file.read(_CHUNK):
            yield piece


class _Failure(msgspec.Struct):
    code: ErrorCode
    sentence: str
    fields: dict[str, str] | None = None


def _error(answer: httpx.Response) -> CoterieError:
    try:
        failure = msgspec.json.decode(answer.content, type=_Failure)
    except UNREADABLE:
        sentence = (
            f"{answer.url.host} answered with status {answer.status_code}. Check that this is a Coterie's address."
        )
        return CoterieError(ErrorCode.UNAVAILABLE, sentence, answer.text[:500])
    told = " ".join([failure.sentence, *(f"{name}: {what}" for name, what in (failure.fields or {}).items())])
    return CoterieError(failure.code, told, f"status {answer.status_code}")
