"""Every error code and close code says in a sentence what a person can do."""

from __future__ import annotations

import pytest

from coterie.wire.closing import Closing
from coterie.wire.errors import CoterieError, ErrorCode
from coterie.wire.ids import is_id, new_id


@pytest.mark.parametrize("closing", Closing)
def test_close_codes_fit_a_close_frame(closing: Closing) -> None:
    assert 4000 <= closing <= 4999
    assert closing.sentence.endswith(".")
    assert (
        len(closing.sentence.encode()) <= 123
    )  # RFC 6455, 5.5: control frames carry at most 125 bytes, 2 for the code


@pytest.mark.parametrize("code", ErrorCode)
def test_error_codes_have_an_error_status(code: ErrorCode) -> None:
    assert 400 <= code.status < 600


def test_detail_stays_out_of_the_sentence() -> None:
    error = CoterieError(ErrorCode.INTERNAL, "It went wrong. Try again.", "errno 28")
    assert "errno" not in error.sentence


def test_ids() -> None:
    assert is_id(new_id())
    assert not is_id("../../etc/passwd")
    assert len({new_id() for _ in range(1000)}) == 1000
