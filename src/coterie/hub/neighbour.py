"""News from `coterie admin` to a hub that runs over the same data directory, so that it acts at once."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from coterie.hub.news import Bulletin, News
from coterie.wire.decoding import UNREADABLE

_NAME = "news.sock"
"""A datagram socket in the data directory, which nobody else can enter."""

logger = logging.getLogger(__name__)


class _Ear(asyncio.DatagramProtocol):
    def __init__(self, deliver: Callable[[News], None]) -> None:
        self._deliver = deliver

    def datagram_received(self, data: bytes, addr: object) -> None:
        try:
            bulletin = msgspec.json.decode(data, type=Bulletin)
        except UNREADABLE as error:
            logger.warning("unreadable news from the command line", extra={"detail": repr(error)})
            return
        for news in bulletin.news:
            self._deliver(news)


async def listen(data: Path, deliver: Callable[[News], None]) -> asyncio.BaseTransport:
    """Hear what command lines tell about `data` until the transport is closed."""
    path = data / _NAME
    path.unlink(missing_ok=True)
    ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    ear.setblocking(False)
    ear.bind(str(path))
    path.chmod(0o600)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Ear(deliver), sock=ear)
    return transport


def tell(data: Path, news: Sequence[News]) -> None:
    """Tell a hub over `data` what was changed beside it, if one runs."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as mouth:
        mouth.sendto(msgspec.json.encode(Bulletin("command line", list(news))), str(data / _NAME))
