"""WebSockets to web ports: the handshake is rewritten as requests are, after it every byte is carried unread."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re

from coterie.hub.core import Hub
from coterie.hub.ports import address, headers
from coterie.hub.ports.address import Place
from coterie.hub.ports.visit import LARGEST_HEAD, Front, Visit, from_elsewhere
from coterie.wire.errors import CoterieError, ErrorCode

logger = logging.getLogger(__name__)

_PIECE = 64 << 10
_SWITCHED = re.compile(rb"HTTP/1\.1 101(?: |$)")


def place_of(head: bytes, hub: Hub) -> Place | None:
    """Return the web port that an upgrade request asks for; None when it is not for one."""
    _, found = _parse(head)
    return address.parse(dict(_named(found)).get("host", ""), hub.settings)


async def carry(front: Front, place: Place, head: bytes, client: asyncio.Transport) -> None:
    """Decide about an upgrade, and carry it until either side ends; every refusal is an answer to the client."""
    reader, writer = _streams(client)
    try:
        request, found = _parse(head)
        visit = await _admit(front, place, dict(_named(found)))
        try:
            await visit.open()
            upgrade = [(name, value) for name, value in found if name.lower() in (b"upgrade", b"connection")]
            sent = headers.to_program(found, place, address.origin(place, front.hub.settings))
            sent = [header for header in sent if header[0] != b"upgrade"]
            client.resume_reading()
            await _carry(visit, place, _head(request, [*sent, *upgrade]), reader, writer)
        finally:
            visit.close()
    except CoterieError as error:
        client.resume_reading()
        body = error.sentence.encode()
        status = b"HTTP/1.1 %d No" % error.code.status
        writer.write(_head(status, [(b"content-length", b"%d" % len(body)), (b"connection", b"close")]) + body)
        with contextlib.suppress(OSError):
            await writer.drain()
    finally:
        writer.close()


async def _admit(front: Front, place: Place, found: dict[str, str]) -> Visit:
    if from_elsewhere(found, front.hub, place):
        raise CoterieError(ErrorCode.FORBIDDEN, "This socket was opened by a page of another place and was refused.")
    visit = await front.admit(found, place)
    if visit is None:
        raise CoterieError(ErrorCode.SIGNED_OUT, "Open this port from its workspace first.")
    return visit


async def _carry(
    visit: Visit, place: Place, upgrade: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    assert visit.writer
    try:
        visit.writer.write(upgrade)
        status, given = _parse(await visit.reader.readuntil(b"\r\n\r\n"))
        if not _SWITCHED.match(status):
            # Nothing more may pass in either direction: a proxy in front of the hub would take the connection for one
            # that is free again, and send other people's requests, cookies and all, past the hub to the program.
            refused = b"HTTP/1.1 %d No" % _refusal(status)
            writer.write(_head(refused, [(b"content-length", b"0"), (b"connection", b"close")]))
            await writer.drain()
            return
        upgraded = [(name, value) for name, value in given if name.lower() in (b"upgrade", b"connection")]
        writer.write(_head(status, [*headers.to_browser(given, place), *upgraded]))
        async with asyncio.TaskGroup() as both:
            both.create_task(_pump(reader, visit.writer))
            both.create_task(_pump(visit.reader, writer))
    except* (OSError, EOFError, asyncio.LimitOverrunError, ValueError) as errors:
        logger.debug("a web port's socket was cut", extra={"detail": repr(errors.exceptions)})


def _streams(transport: asyncio.Transport) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=LARGEST_HEAD, loop=loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    transport.set_protocol(protocol)
    protocol.connection_made(transport)
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while data := await source.read(_PIECE):
        target.write(data)
        await target.drain()
    # A WebSocket is over when either side's bytes are.
    raise ConnectionError("ended")


def _parse(head: bytes) -> tuple[bytes, list[headers.Header]]:
    first, *lines = head.rstrip(b"\r\n").split(b"\r\n")
    found = []
    for line in lines:
        name, _, value = line.partition(b":")
        found.append((name.strip(), value.strip()))
    return first, found


def _refusal(status: bytes) -> int:
    """The status to refuse with: the program's own where it says why, else that it answered nonsense."""
    found = re.match(rb"HTTP/1\.[01] ([45]\d\d)(?: |$)", status)
    return int(found[1]) if found else 502


def _named(found: list[headers.Header]) -> list[tuple[str, str]]:
    return [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in found]


def _head(first: bytes, found: list[headers.Header]) -> bytes:
    return b"\r\n".join([first, *(b"%b: %b" % header for header in found), b"", b""])
