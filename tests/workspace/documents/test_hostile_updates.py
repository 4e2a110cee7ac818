"""Updates that were made to hurt: they end the connection that sent them, quickly, and nothing else."""

from __future__ import annotations

import pytest
from pycrdt import Doc, Text

from coterie.workspace.documents.replica import BrokenError, Replica
from coterie.workspace.documents.update import Block, UpdateError, decode_clocks, read


def test_an_endless_number_is_given_up_at_once() -> None:
    # Adding up all of its digits would take minutes.
    for data in (b"\x80" * 4_000_000, b"\x80" * 4_000_000 + b"\x01"):
        with pytest.raises(UpdateError):
            read(data, {})
        with pytest.raises(UpdateError):
            decode_clocks(data)


@pytest.mark.parametrize("tick", [1, 2, 5])
def test_what_refers_to_its_own_future_is_refused(tick: int) -> None:
    """It would wait in the document for ever, while everyone believes it to be there."""
    update = bytes((1, 2, 7, 0, 0x04, 1, 4)) + b"text" + bytes((1, ord("a"), 0xC4, 7, 0, 7, tick, 1, ord("b"), 0))
    with pytest.raises(UpdateError, match="comes later"):
        read(update, {})


def test_clocks_end_where_documents_can_count() -> None:
    with pytest.raises(UpdateError, match="beyond"):
        read(bytes((1, 1, 7, 0, 0, 0x80, 0x80, 0x80, 0x80, 0x10, 0)), {})


def test_operations_that_wait_are_found() -> None:
    """Two clients' operations that each refer to the other pass as whole, and never are."""
    doc = Doc[Text](client_id=5)
    doc.get("text", type=Text).insert(0, "text")
    replica = Replica([doc.get_update()])
    knot = bytes((2, 1, 7, 0, 0x84, 9, 0, 1, ord("a"), 1, 9, 0, 0x84, 7, 0, 1, ord("b"), 0))
    with pytest.raises(BrokenError):
        replica.accept(knot, replica.check(knot))
        replica.settle()


def test_an_ordinary_update_passes() -> None:
    doc = Doc[Text](client_id=7)
    doc.get("text", type=Text).insert(0, "ab")
    assert read(doc.get_update(), {}) == [Block(7, 0, 2)]
