"""Serving the web app: hashed assets that never change, and one page for all of its addresses."""

from __future__ import annotations

import asyncio
import gzip
import mimetypes
from collections import OrderedDict
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path

from fastapi import Request, Response
from fastapi.responses import FileResponse

from coterie.hub.api.routing import Need, Router
from coterie.wire.errors import CoterieError, ErrorCode

STATIC = Path(__file__).parent / "static"
"""Where the build puts the web app."""

COMPRESSED = frozenset({".js", ".css", ".html", ".svg", ".json", ".map", ".wasm", ".txt", ".webmanifest"})
SMALLEST = 512
"""Bytes below which compressing costs more than it saves."""

KEPT = 4 << 20
"""Bytes of files compressed here that are kept in memory; what the build compressed is sent from disk."""

ENCODINGS = (("br", ".br"), ("zstd", ".zst"), ("gzip", ".gz"))
"""What the build may have put beside a file, best first."""

IMMUTABLE = "public, max-age=31536000, immutable"
NOT_BUILT = "The web app is not built. Run `make run`, which builds it, or install Coterie from a package."

router = Router("pages", prefix="")


@dataclass(frozen=True)
class _Packed:
    body: bytes
    encoding: str


class Pages:
    """The built web app in `folder`; compresses each file once where the build did not."""

    def __init__(self, folder: Path = STATIC) -> None:
        self._folder = folder.resolve()
        self._packed: OrderedDict[tuple[Path, str, int], _Packed] = OrderedDict()
        self._size = 0

    async def answer(self, path: str, accepted: str) -> Response:
        """Answer for a path of the site: a file of the build, or the page itself for an address of the app."""
        found = self._find(path)
        if found is not None:
            immutable = found.is_relative_to(self._folder / "assets")
            return await self._file(found, accepted, IMMUTABLE if immutable else "no-cache")
        if path.startswith(("assets/", "api/")) or "." in path.rpartition("/")[2]:
            raise CoterieError(ErrorCode.NOT_FOUND, "There is nothing at this address.")
        page = self._find("index.html")
        if page is None:
            raise CoterieError(ErrorCode.UNAVAILABLE, NOT_BUILT)
        return await self._file(page, accepted, "no-cache")

    def _find(self, path: str) -> Path | None:
        if not path or "\0" in path:
            return None
        candidate = (self._folder / path).resolve()
        return candidate if candidate.is_relative_to(self._folder) and candidate.is_file() else None

    async def _file(self, path: Path, accepted: str, cache: str) -> Response:
        stat = await asyncio.to_thread(path.stat)
        headers = {"cache-control": cache, "etag": f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'}
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        if path.suffix not in COMPRESSED or stat.st_size < SMALLEST:
            return FileResponse(path, media_type=kind, headers=headers)
        headers |= {"vary": "accept-encoding", "last-modified": formatdate(stat.st_mtime, usegmt=True)}
        names = {part.partition(";")[0].strip() for part in accepted.split(",")}
        for encoding, suffix in ENCODINGS:
            beside = path.with_name(path.name + suffix)
            if encoding in names and beside.is_file():
                return FileResponse(beside, media_type=kind, headers=_encoded(headers, encoding))
        ours = next((each for each in ("zstd", "gzip") if each in names), None)
        if ours is None:
            return FileResponse(path, media_type=kind, headers=headers)
        packed = await self._kept(path, ours, stat.st_mtime_ns)
        return Response(packed.body, media_type=kind, headers=_encoded(headers, ours))

    async def _kept(self, path: Path, encoding: str, changed: int) -> _Packed:
        key = (path, encoding, changed)
        packed = self._packed.get(key)
        if packed is None:
            packed = _Packed(await asyncio.to_thread(_compress, path, encoding), encoding)
            if key not in self._packed:
                self._packed[key] = packed
                self._size += len(packed.body)
        self._packed.move_to_end(key)
        while self._size > KEPT:
            _, dropped = self._packed.popitem(last=False)
            self._size -= len(dropped.body)
        return packed


def _encoded(headers: dict[str, str], encoding: str) -> dict[str, str]:
    return {**headers, "etag": f'{headers["etag"][:-1]}-{encoding}"', "content-encoding": encoding}


def _compress(path: Path, encoding: str) -> bytes:
    if encoding == "gzip":
        return gzip.compress(path.read_bytes(), 9, mtime=0)
    import zstandard  # noqa: PLC0415 only where the build did not compress

    return zstandard.ZstdCompressor(level=19).compress(path.read_bytes())


@router.route("GET", "/{path:path}", Need.PUBLIC, include_in_schema=False)
async def get_page(path: str, request: Request) -> Response:
    """The web app."""
    if path.startswith("api/"):
        raise CoterieError(ErrorCode.NOT_FOUND, "There is nothing at this address.")
    pages: Pages = request.app.state.pages
    response = await pages.answer(path, request.headers.get("accept-encoding", ""))
    if response.headers.get("etag") == request.headers.get("if-none-match", "-"):
        kept = {name: response.headers[name] for name in ("etag", "cache-control", "vary") if name in response.headers}
        return Response(status_code=304, headers=kept)
    return response
