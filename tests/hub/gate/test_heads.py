from __future__ import annotations

import pytest

from coterie.hub.gate import heads
from coterie.hub.gate.heads import BadHead
from coterie.wire import tickets
from coterie.wire.closing import Closing

WORKSPACE = "k7m2p9qxw4rtzabc"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="


def head(target: str = f"/w/{WORKSPACE}", version: str = "13", key: str = KEY, extra: str = "") -> bytes:
    lines = f"GET {target} HTTP/1.1\r\nhost: here\r\nsec-websocket-version: {version}\r\nsec-websocket-key: {key}\r\n"
    return f"{lines}{extra}\r\n".encode()


def test_only_the_key_and_the_ticket_are_passed_on() -> None:
    secret = "cookie: coterie_session=secret\r\nauthorization: Bearer secret\r\ncoterie-ticket: forged\r\n"
    passed = heads.parse(head(extra=secret)).passed_on("signed")
    assert b"secret" not in passed
    assert b"forged" not in passed
    assert f"{tickets.HEADER}: signed\r\n".encode() in passed
    assert f"sec-websocket-key: {KEY}\r\n".encode() in passed


@pytest.mark.parametrize(
    "data",
    [
        head("/"),
        head("/w/short"),
        head(f"/w/{WORKSPACE}/more"),
        head(version="8"),
        head(key=""),
        head(key="c2hvcnQ="),
        head(key="not base64!"),
        head().replace(b"GET", b"POST"),
        b"",
    ],
)
def test_what_is_no_handshake_is_refused(data: bytes) -> None:
    with pytest.raises(BadHead):
        heads.parse(data)


def test_the_handshake_is_the_one_of_the_standard() -> None:
    # The example of RFC 6455, 1.3.
    assert b"sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in heads.parse(head()).accepted()


@pytest.mark.parametrize("closing", list(Closing))
def test_every_reason_fits_into_a_close_frame(closing: Closing) -> None:
    frame = heads.close_frame(closing)
    assert len(frame) == 2 + frame[1] <= 127
    assert frame[4:].decode() == closing.sentence
