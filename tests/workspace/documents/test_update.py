"""Updates are read whole before they are relayed: what passes can be integrated, what does not is named."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Array, Doc, Map, Text

from coterie.workspace.documents.replica import Replica
from coterie.workspace.documents.text import Edit
from coterie.workspace.documents.update import (
    Block,
    UpdateError,
    decode_clocks,
    encode_clocks,
    number,
    read,
    utf16_length,
)

texts = st.text("ab\n é😀", min_size=1, max_size=6)


def made(*texts: str) -> tuple[Doc[Text], list[bytes]]:
    """A document into which these texts were typed one after the other, and the updates of that."""
    doc: Doc[Text] = Doc(client_id=7)
    root = doc.get("text", type=Text)
    updates = []
    for text in texts:
        before = doc.get_state()
        root.insert(len(root), text)
        updates.append(doc.get_update(before))
    return doc, updates


@given(st.lists(texts, min_size=1, max_size=6))
def test_clocks_count_what_yjs_counts(parts: list[str]) -> None:
    doc, updates = made(*parts)
    clocks: dict[int, int] = {}
    for update in updates:
        for client, clock, length in read(update, clocks):
            clocks[client] = clock + length
    assert clocks == decode_clocks(doc.get_state())
    assert decode_clocks(encode_clocks(clocks)) == clocks


@given(st.data())
def test_everything_a_document_makes_passes(data: st.DataObject) -> None:
    replica, other = Replica(), Replica()
    for _ in range(data.draw(st.integers(1, 8))):
        one = data.draw(st.sampled_from([replica, other]))
        text = one.text
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, len(text)))
        update = one.edit([Edit(start, end, data.draw(texts))])
        for receiver in (replica, other):
            if receiver is not one:
                receiver.accept(update, receiver.check(update))
    assert replica.text == other.text
    fresh = Replica()
    fresh.accept(replica.state, fresh.check(replica.state))
    assert fresh.text == replica.text


@given(st.binary(max_size=60))
def test_noise_is_refused_or_can_be_integrated(noise: bytes) -> None:
    try:
        blocks = read(noise, {})
    except UpdateError:
        return
    replica = Replica()
    replica.accept(noise, blocks)
    replica.settle()


@given(st.integers(0, 200), st.integers(0, 255))
def test_a_changed_byte_is_refused_or_can_be_integrated(place: int, value: int) -> None:
    _, updates = made("hello", " wörld 😀", "!")
    replica = Replica()
    for update in updates:
        damaged = bytearray(update)
        damaged[place % len(damaged)] = value
        try:
            blocks = replica.check(bytes(damaged))
        except UpdateError:
            continue
        replica.accept(bytes(damaged), blocks)
        replica.settle()


def test_a_cut_update_is_refused() -> None:
    _, (update,) = made("hello")
    for size in range(len(update)):
        with pytest.raises(UpdateError):
            read(update[:size], {})
    with pytest.raises(UpdateError, match="too many"):
        read(update + b"\0", {})


def test_an_update_that_needs_what_nobody_has_is_refused() -> None:
    doc, (first, second) = made("hello", " world")
    with pytest.raises(UpdateError, match="jumps"):
        read(second, {})
    other: Doc[Text] = Doc(client_id=8)
    other.apply_update(doc.get_update())
    before = other.get_state()
    root = other.get("text", type=Text)
    root.insert(11, "!")
    with pytest.raises(UpdateError, match="refers to"):
        read(other.get_update(before), {})
    before = other.get_state()
    del root[0:5]
    with pytest.raises(UpdateError):
        read(other.get_update(before), {7: 3})
    assert read(first, {})


@pytest.mark.parametrize("make", ["map", "array", "other root", "embed"])
def test_what_is_no_text_is_refused(make: str) -> None:
    doc: Doc[Any] = Doc()
    if make == "map":
        doc.get("text", type=Map)["a"] = 1
    elif make == "array":
        doc.get("text", type=Array).append(1)
    elif make == "other root":
        doc.get("texts", type=Text).insert(0, "a")
    else:
        doc.get("text", type=Text).insert_embed(0, {"a": 1})
    with pytest.raises(UpdateError, match="not of a text document"):
        read(doc.get_update(), {})


def test_lengths_in_utf16() -> None:
    assert utf16_length("aé😀".encode()) == 4
    with pytest.raises(UpdateError):
        utf16_length(b"\xff")


def test_random_state_vectors_never_crash() -> None:
    for _ in range(500):
        try:
            decode_clocks(os.urandom(12))
        except UpdateError:
            continue


def _found(data: bytes, clocks: dict[int, int], **how: Any) -> list[Block] | str:
    try:
        return read(data, clocks, **how)
    except UpdateError as error:
        return str(error)


@pytest.mark.timeout(300)
@settings(max_examples=1000)
@given(
    info=st.sampled_from([0x84, 0xC4, 0x84, 0xC4, 0x44, 0x04, 0x81]),
    clients=st.sampled_from([1, 2, 1 << 31, 1 << 53]).flatmap(
        lambda one: st.tuples(st.just(one), st.sampled_from([one, one, 2]), st.sampled_from([one, 1, 2, 3]))
    ),
    stands=st.sampled_from([0, 5, 300, (1 << 32) - 3]),
    off=st.tuples(*[st.sampled_from([-1, -1, 0, 1])] * 3),
    text=st.text("ab\0\ré", max_size=4).map(str.encode) | st.sampled_from([b"abc", b"x" * 127, b"x" * 128]),
    length=st.sampled_from([0, 0, 1]),
    damage=st.none() | st.none() | st.tuples(st.integers(0, 30), st.integers(0, 255)),
)
def test_typing_is_read_at_once_as_it_is_read_byte_by_byte(
    info: int,
    clients: tuple[int, int, int],
    stands: int,
    off: tuple[int, int, int],
    text: bytes,
    length: int,
    damage: tuple[int, int] | None,
) -> None:
    client, before, behind = clients
    known = {client: stands, 1: 7}
    clock = max(0, known[client] + off[0])
    parts = [b"\1\1", number(client), number(clock), bytes((info,))]
    for flag, of, by in ((0x80, before, off[1]), (0x40, behind, off[2])):
        if info & flag:
            parts += [number(of), number(max(0, (clock if of == client else known.get(of, 0)) + by))]
    data = bytearray(b"".join([*parts, number(max(0, len(text) + length)), text, b"\0"]))
    if damage is not None and damage[0] < len(data):
        data[damage[0]] = damage[1]
    # Whoever wants to know between what things were typed has every byte looked at.
    byte_by_byte = _found(bytes(data), known, spans=[])
    assert _found(bytes(data), known) == byte_by_byte
    assert _found(bytes(data), known, halves={}) == byte_by_byte
