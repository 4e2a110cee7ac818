"""Messages survive the wire, bad ones are refused, and each client message has one capability."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from coterie.wire.capabilities import Capability
from coterie.wire.decoding import UNREADABLE
from coterie.wire.messages import (
    CAPABILITY,
    CLIENT_MESSAGES,
    SERVER_MESSAGES,
    ClientMessage,
    decode_client,
    decode_server,
    encode,
)
from coterie.wire.messages.documents import DocumentEdit

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("message", CLIENT_MESSAGES, ids=lambda message: message.__name__)
def test_each_client_message_has_one_capability(message: type[ClientMessage]) -> None:
    assert isinstance(CAPABILITY[message], Capability)


@pytest.mark.parametrize("message", CLIENT_MESSAGES + SERVER_MESSAGES, ids=lambda message: message.__name__)
def test_every_message_is_documented(message: type[Any]) -> None:
    assert message.__doc__
    assert message.__doc__.strip().endswith((".", "!", "?")) or "." in message.__doc__


@given(st.integers(0, 2**32), st.integers(0, 2**53), st.binary())
def test_round_trip(document: int, sequence: int, update: bytes) -> None:
    message = DocumentEdit(document, sequence, update)
    assert decode_client(encode(message)) == message


@given(st.binary(max_size=200))
@example(b"\x95\xa6m\xd9\x7f \xa1\x17\xf8x")
def test_garbage_is_refused_with_the_errors_that_are_known(data: bytes) -> None:
    for decode in (decode_client, decode_server):
        try:
            decode(data)
        except UNREADABLE:
            continue


def test_a_server_message_is_not_a_client_message() -> None:
    data = msgspec.msgpack.encode(["Pong", 1])
    with pytest.raises(msgspec.MsgspecError):
        decode_client(data)


def test_generated_typescript_is_current() -> None:
    file = ROOT / "web" / "src" / "wire" / "generated.ts"
    check = [sys.executable, "-m", "coterie.wire.typescript", "--check", str(file)]
    assert subprocess.run(check, check=False).returncode == 0, "run `make gen`"
