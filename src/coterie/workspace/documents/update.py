"""Reading Yjs updates (v1): what an update of a text document contains, and whether a room can take it whole.

An update is relayed before it is applied, so it is read here first, completely: every byte, every reference. What
passes can be integrated at once: nothing is ever left waiting in a document for parts that may never come.
The format is the one of yjs `src/utils/encoding.js` and `src/structs/`; numbers are LEB128.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

ROOT = b"text"
"""Name of the one shared type of a text document."""

_LAST_CLOCK = 0xFFFF_FFFF
_LAST_CLIENT = (1 << 53) - 1

_GC, _DELETED, _STRING = 0, 1, 4
_ORIGIN, _RIGHT_ORIGIN, _PARENT_SUB = 0x80, 0x40, 0x20


class UpdateError(ValueError):
    """The bytes are not an update, or not one of this document; the text says why, for the log."""


class Block(NamedTuple):
    """A run of one client's operations: `length` clock ticks (UTF-16 code units) from `clock` on."""

    client: int
    clock: int
    length: int


def _number(data: bytes, at: int) -> tuple[int, int]:
    """Return the number at `at` and where it ends."""
    value = data[at]
    at += 1
    if value < 0x80:
        return value, at
    value &= 0x7F
    shift = 7
    while True:
        if shift > 49:
            raise UpdateError("a number beyond 53 bits")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def number(value: int) -> bytes:
    """Return `value` in LEB128."""
    parts = bytearray()
    while value > 0x7F:
        parts.append(0x80 | value & 0x7F)
        value >>= 7
    parts.append(value)
    return bytes(parts)


def read(data: bytes, clocks: Mapping[int, int]) -> list[Block]:
    """Return the blocks of `data`, all of which a document that stands at `clocks` can integrate now.

    `clocks` maps each client to its next clock. Raises UpdateError when the bytes are malformed, contain anything but
    text of the root type, leave a gap, or refer to operations that neither the document nor the update has.
    """
    try:
        return _read(data, clocks)
    except IndexError:
        raise UpdateError("it ends too early") from None


def _read(data: bytes, clocks: Mapping[int, int]) -> list[Block]:
    size = len(data)
    blocks: list[Block] = []
    origins: list[tuple[int, int]] = []
    count, at = _number(data, 0)
    for _ in range(count):
        structs, at = _number(data, at)
        begin = at
        client, at = _number(data, at)
        name = data[begin:at]
        clock, at = _number(data, at)
        first = clock
        if clock > clocks.get(client, 0):
            raise UpdateError(f"client {client} jumps to clock {clock} from {clocks.get(client, 0)}")
        for _ in range(structs):
            info = data[at]
            at += 1
            kind = info & 0x1F
            if kind == _GC:
                length, at = _number(data, at)
                clock += length
                continue
            if info & (_ORIGIN | _RIGHT_ORIGIN):
                if info & _ORIGIN:
                    after = at + len(name)
                    # Most edits continue the client's own text: no need to decode its number again.
                    if data[at:after] == name and data[after - 1] < 0x80:
                        of, at = client, after
                    else:
                        of, at = _number(data, at)
                    tick, at = _number(data, at)
                    if of != client:
                        origins.append((of, tick))
                    elif tick >= clock:
                        raise UpdateError(f"{of}:{clock} refers to {of}:{tick}, which comes later")
                if info & _RIGHT_ORIGIN:
                    of, at = _number(data, at)
                    tick, at = _number(data, at)
                    if of != client:
                        origins.append((of, tick))
                    elif tick >= clock:
                        raise UpdateError(f"{of}:{clock} refers to {of}:{tick}, which comes later")
            else:
                by_name, at = _number(data, at)
                if by_name != 1 or info & _PARENT_SUB:
                    raise UpdateError("it is not of a text document: its parent is no root")
                length, at = _number(data, at)
                if data[at : at + length] != ROOT:
                    raise UpdateError("it is not of a text document: its root has another name")
                at += length
            length, at = _number(data, at)
            if kind == _STRING:
                text = data[at : at + length]
                if len(text) != length:
                    raise UpdateError("it ends too early")
                at += length
                if not text.isascii():
                    length = utf16_length(text)
            elif kind != _DELETED:
                raise UpdateError(f"it is not of a text document: content of kind {kind}")
            if length == 0:
                raise UpdateError("an empty operation")
            clock += length
        if clock > _LAST_CLOCK or client > _LAST_CLIENT:
            raise UpdateError(f"{client}:{clock} is beyond what a client can write")
        blocks.append(Block(client, first, clock - first))
    if at == size - 1 and data[at] == 0 and len(blocks) == 1 and not origins:
        return blocks  # one person's typing, the most frequent update by far
    ends = {block.client: max(clocks.get(block.client, 0), block.clock + block.length) for block in blocks}
    if len(ends) != len(blocks):
        raise UpdateError("a client twice")
    for of, tick in origins:
        if tick >= ends.get(of, clocks.get(of, 0)):
            raise UpdateError(f"it refers to {of}:{tick}, which nobody has")
    count, at = _number(data, at)
    for _ in range(count):
        client, at = _number(data, at)
        ranges, at = _number(data, at)
        known = ends.get(client, clocks.get(client, 0))
        for _ in range(ranges):
            clock, at = _number(data, at)
            length, at = _number(data, at)
            if clock + length > known:
                raise UpdateError(f"it deletes {client}:{clock}+{length}, which nobody has")
    if at != size:
        raise UpdateError(f"{size - at} bytes too many")
    return blocks


def utf16_length(text: bytes) -> int:
    """Return the number of UTF-16 code units of UTF-8 `text`. Raises UpdateError when it is not UTF-8."""
    try:
        characters = text.decode()
    except UnicodeDecodeError:
        raise UpdateError("its text is not UTF-8") from None
    return len(characters) + sum(character > "\uffff" for character in characters)


def decode_clocks(state_vector: bytes) -> dict[int, int]:
    """Return the clocks in a Yjs state vector. Raises UpdateError when it is malformed."""
    clocks: dict[int, int] = {}
    try:
        count, at = _number(state_vector, 0)
        for _ in range(count):
            client, at = _number(state_vector, at)
            clocks[client], at = _number(state_vector, at)
    except IndexError:
        raise UpdateError("a state vector that ends too early") from None
    if at != len(state_vector):
        raise UpdateError("a state vector with bytes too many")
    return clocks


def encode_clocks(clocks: Mapping[int, int]) -> bytes:
    """Return `clocks` as a Yjs state vector."""
    parts = [number(len(clocks))]
    for client, clock in clocks.items():
        parts.append(number(client))
        parts.append(number(clock))
    return b"".join(parts)
