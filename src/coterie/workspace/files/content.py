"""File contents over HTTP: reading with ranges, writing atomically, folders as archives in both directions."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from dataclasses import dataclass

from coterie.wire import kinds
from coterie.wire.capabilities import Capability
from coterie.wire.errors import CoterieError, ErrorCode
from coterie.workspace.files.changes import make_folders
from coterie.workspace.files.pack import pack
from coterie.workspace.files.unpack import unpack
from coterie.workspace.files.uploads import Uploads
from coterie.workspace.http import Exchange
from coterie.workspace.paths import Root, parts, problem

PREFIX = "/files/"
LARGEST_UPLOAD = 8 << 30
"""Bytes of one uploaded file or archive."""

_PIECE = 256 << 10

_GUARDS = list(kinds.GUARDS.items())


class Content:
    """Answers `/files/PATH`: GET and HEAD for `file.read`, PUT for `file.write`."""

    def __init__(self, root: Root, uploads: Uploads) -> None:
        self._root = root
        self._uploads = uploads

    async def serve(self, exchange: Exchange) -> None:
        """Answer one request. Raises CoterieError before the answer began."""
        if not exchange.path.startswith(PREFIX):
            raise CoterieError(ErrorCode.NOT_FOUND, "There is nothing at this address.", exchange.path)
        path = "/".join(parts(exchange.path.removeprefix(PREFIX)))
        if exchange.method in ("GET", "HEAD"):
            exchange.need(Capability.FILE_READ)
            if name := exchange.query.get("archive"):
                await self._pack(exchange, path, name)
            else:
                await self._read(exchange, path)
        elif exchange.method == "PUT":
            exchange.need(Capability.FILE_WRITE)
            if exchange.query.get("unpack") == "1":
                await self._unpack(exchange, path)
            else:
                await self._write(exchange, path)
        else:
            raise CoterieError(ErrorCode.INVALID, "Files can be read and written here, nothing else.", exchange.method)

    async def _read(self, exchange: Exchange, path: str) -> None:
        descriptor = await asyncio.to_thread(self._root.open_file, path)
        try:
            status = os.fstat(descriptor)
            tag = _tag(status)
            content, inline = kinds.kind(path.rpartition("/")[2])
            inline = inline and exchange.query.get("download") != "1"
            headers = [
                *_GUARDS,
                ("etag", tag),
                ("accept-ranges", "bytes"),
                ("content-type", content),
                ("content-disposition", kinds.disposition(path.rpartition("/")[2], inline)),
            ]
            if tag in _tags(exchange.headers.get("if-none-match", "")):
                exchange.start(304, headers, 0)
                return
            wanted = _range(exchange.headers, tag, status.st_size)
            if wanted is None:
                exchange.start(416, [*_GUARDS, ("content-range", f"bytes */{status.st_size}")], 0)
                return
            length = wanted.end - wanted.start
            if wanted.partial:
                headers.append(("content-range", f"bytes {wanted.start}-{wanted.end - 1}/{status.st_size}"))
            exchange.start(206 if wanted.partial else 200, headers, length)
            if exchange.method == "GET":
                await self._send(exchange, descriptor, wanted)
        finally:
            os.close(descriptor)

    async def _send(self, exchange: Exchange, descriptor: int, wanted: _Range) -> None:
        position = wanted.start
        while position < wanted.end:
            size = min(_PIECE, wanted.end - position)
            data = await asyncio.to_thread(os.pread, descriptor, size, position)
            if not data:
                raise OSError("the file became shorter while it was sent")
            await exchange.write(data)
            position += len(data)

    async def _pack(self, exchange: Exchange, path: str, name: str) -> None:
        content = kinds.ARCHIVES.get(name)
        if content is None:
            raise CoterieError(ErrorCode.INVALID, f"Folders can be had as {' or '.join(kinds.ARCHIVES)}.", repr(name))
        folder = await asyncio.to_thread(self._root.open_folder, path)
        try:
            label = path.rpartition("/")[2] or "workspace"
            headers = [
                *_GUARDS,
                ("content-type", content),
                ("content-disposition", kinds.disposition(f"{label}.{name}", False)),
            ]
            exchange.start(200, headers, None)
            if exchange.method == "GET":
                await pack(folder, label, name, exchange.write)
        finally:
            os.close(folder)

    async def _write(self, exchange: Exchange, path: str) -> None:
        _bound(exchange)
        await asyncio.to_thread(make_folders, self._root, path.rpartition("/")[0])
        # A link stays a link: what it leads to is written.
        path = await asyncio.to_thread(self._root.resolve, path)
        before = await asyncio.to_thread(self._status, path)
        if before is not None and not stat.S_ISREG(before.st_mode):
            raise problem(IsADirectoryError(errno.EISDIR, ""), path)
        _check(exchange.headers, before, path)
        with self._uploads.replacing(path, before) as descriptor:
            size = 0
            async for data in exchange.body():
                size += len(data)
                if size > LARGEST_UPLOAD:
                    raise _too_big()
                try:
                    await asyncio.to_thread(_write_all, descriptor, data)
                except OSError as error:
                    raise problem(error, path) from None
        status = await asyncio.to_thread(self._root.stat, path)
        exchange.start(201 if before is None else 204, [("etag", _tag(status))], 0)

    async def _unpack(self, exchange: Exchange, path: str) -> None:
        _bound(exchange)
        await asyncio.to_thread(make_folders, self._root, path)
        folder = await asyncio.to_thread(self._root.open_folder, path)
        try:
            count = await unpack(folder, exchange.body(), LARGEST_UPLOAD, path)
        finally:
            os.close(folder)
        await exchange.respond(200, {"files": count})

    def _status(self, path: str) -> os.stat_result | None:
        try:
            return self._root.stat(path)
        except CoterieError as error:
            if error.code is ErrorCode.NOT_FOUND:
                return None
            raise


@dataclass(frozen=True)
class _Range:
    start: int
    end: int
    partial: bool


def _range(headers: dict[str, str], tag: str, size: int) -> _Range | None:
    """Which bytes are asked for (RFC 9110, 14.2): one range or the whole; None when there is nothing there."""
    whole = _Range(0, size, False)
    unit, _, text = headers.get("range", "").partition("=")
    first, dash, last = text.strip().partition("-")
    if unit.strip() != "bytes" or "," in text or not dash or headers.get("if-range", tag) != tag:
        return whole
    if not (first.isdecimal() or not first) or not (last.isdecimal() or not last) or not (first or last):
        return whole
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
    return _Range(start, end, True) if start < end else None


def _tag(status: os.stat_result) -> str:
    return f'"{status.st_ino:x}-{status.st_size:x}-{status.st_mtime_ns:x}"'


def _tags(header: str) -> set[str]:
    return {tag.strip().removeprefix("W/") for tag in header.split(",")}


def _check(headers: dict[str, str], before: os.stat_result | None, path: str) -> None:
    if "if-none-match" in headers and before is not None:
        raise problem(FileExistsError(errno.EEXIST, ""), path)
    if "if-match" in headers and (before is None or _tag(before) not in _tags(headers["if-match"])):
        raise CoterieError(ErrorCode.CONFLICT, f"“{path}” was changed by somebody else meanwhile.")


def _bound(exchange: Exchange) -> None:
    length = exchange.headers.get("content-length", "")
    if length.isdecimal() and int(length) > LARGEST_UPLOAD:
        raise _too_big()


def _too_big() -> CoterieError:
    return CoterieError(ErrorCode.TOO_BIG, f"At most {LARGEST_UPLOAD >> 30} GB can be uploaded at once.")


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
