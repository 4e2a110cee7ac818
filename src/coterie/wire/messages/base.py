"""How messages are declared: tagged arrays in MessagePack, each client message with exactly one capability."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from coterie.wire.capabilities import Capability


class ClientMessage(msgspec.Struct, array_like=True, tag=True, gc=False):
    """From a browser to the workspace server."""


class ServerMessage(msgspec.Struct, array_like=True, tag=True, gc=False):
    """From the workspace server to a browser."""


class Record(msgspec.Struct, array_like=True, gc=False):
    """A value inside messages. New fields go last and have a default: an older reader ignores them."""


_M = TypeVar("_M", bound=type[ClientMessage])

CAPABILITY: dict[type[ClientMessage], Capability] = {}
"""What a connection must hold to send a message of this type."""


def needs(capability: Capability) -> Callable[[_M], _M]:
    """Declare the one capability that sending this message takes."""

    def declare(message: _M) -> _M:
        CAPABILITY[message] = capability
        return message

    return declare
