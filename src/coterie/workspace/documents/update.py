"""Reading Yjs updates (v1): what an update of a text document contains, and whether a room can take it whole.

An update is relayed before it is applied, so it is read here first, completely: every byte, every reference. What
passes can be integrated at once: nothing is ever left waiting in a document for parts that may never come, and nothing
cuts a character in two (Yjs and yrs do not agree on what is left of one then).
The format is the one of yjs `src/utils/encoding.js` and `src/structs/`; numbers are LEB128.
"""

from __future__ import annotations

import functools
import re
from array import array
from bisect import bisect_left
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

ROOT = b"text"
"""Name of the one shared type of a text document."""

MOST_PARTS = 2_000
"""Operations, deleted ranges and clients in one live edit: reading and integrating that many takes some 10 ms, during
which nobody else is heard. More travels as text (`DocumentRebase`)."""

MOST_BYTES = 1 << 20
"""Bytes of one live edit, for the same reason."""

PIECE = 16 << 10
"""Characters of an operation where the server writes a long text."""

_LAST_CLOCK = 0xFFFF_FFFF
_LAST_CLIENT = (1 << 53) - 1

_GC, _DELETED, _STRING = 0, 1, 4
_ORIGIN, _RIGHT_ORIGIN, _PARENT_SUB = 0x80, 0x40, 0x20


class UpdateError(ValueError):
    """The bytes are not an update, or not one of this document; the text says why, for the log."""


class TooLargeError(UpdateError):
    """There is more in it than one live edit may hold."""


Halves: TypeAlias = "dict[int, array[int]]"
"""By client, rising: the clocks of second UTF-16 units of characters that have two."""

Id: TypeAlias = tuple[int, int]
"""An operation: client and clock."""


class _Everything(dict[int, int]):
    def get(self, _client: int, _default: Any = None) -> int:
        return _LAST_CLOCK


EVERYTHING: Mapping[int, int] = _Everything()
"""Clocks of a document that has every operation there can be."""

_TWO_UNITS = re.compile("[\U00010000-\U0010ffff]")

_TYPING = re.compile(
    rb"\x01\x01(N{7})(N{4})(?:\x84\1(N{4})|\xc4\1(N{4})(N{7})(N{4}))([\x01-\x7f])([\x01-\x0c\x0e-\x7f]+)\x00".replace(
        b"N{", rb"[\x80-\xff]{0,"
    ).replace(b"})", rb"}[\x00-\x7f])")
)
"""One person goes on typing ASCII behind what they typed: nearly all updates are this, and one match costs half of what
reading byte by byte does. Groups: client, clock, the place before (of the same client), alone or with the two numbers
of the place behind, length, text."""


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


def read(
    data: bytes,
    clocks: Mapping[int, int],
    *,
    halves: Halves | None = None,
    most: int = _LAST_CLOCK,
    spans: list[tuple[Id, Id]] | None = None,
) -> list[Block]:
    """Return the blocks of `data`, all of which a document that stands at `clocks` can integrate now.

    `clocks` maps each client to its next clock; `halves` gains those of the update; `spans` gains the two operations
    that each new one says it was typed between. Raises TooLargeError beyond `most` parts, UpdateError when the bytes
    are malformed, contain anything but text of the root type, leave a gap, refer to operations that neither the
    document nor the update has, or cut a character that is in `halves`.
    """
    try:
        typing = None if halves or spans is not None else _typing(data, clocks)
        return _read(data, clocks, halves, most, spans) if typing is None else [typing]
    except IndexError:
        raise UpdateError("it ends too early") from None


@functools.lru_cache(1024)
def _client(name: bytes) -> int:
    return _number(name, 0)[0]


def _typing(data: bytes, clocks: Mapping[int, int]) -> Block | None:
    """Return the block of an update as `_TYPING` has it; None for any other, and for one with anything wrong."""
    match = _TYPING.fullmatch(data)
    if match is None:
        return None
    name, at, before, before_too, other, behind, length, text = match.groups()
    client, (clock, _) = _client(name), _number(at, 0)
    if (
        length[0] != len(text)
        or _number(before or before_too, 0)[0] >= clock
        or clock > clocks.get(client, 0)
        or clock + len(text) > _LAST_CLOCK
        or client > _LAST_CLIENT
    ):
        return None
    if other is not None:
        of = _client(other)
        if _number(behind, 0)[0] >= (clock if of == client else clocks.get(of, 0)):
            return None
    return Block(client, clock, len(text))


def _read(
    data: bytes, clocks: Mapping[int, int], halves: Halves | None, most: int, spans: list[tuple[Id, Id]] | None
) -> list[Block]:
    size = len(data)
    blocks: list[Block] = []
    origins: list[Id] = []
    edges: list[Id] = []
    """Places in other clients' text that must not be within a character: before these operations."""
    found: Halves = {}
    count, at = _number(data, 0)
    parts = count
    for _ in range(count):
        structs, at = _number(data, at)
        parts += structs
        if parts > most:
            raise TooLargeError(f"more than {most} parts")
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
                    if halves or found:
                        edges.append((of, tick + 1))
                    left = (of, tick)
                if info & _RIGHT_ORIGIN:
                    of, at = _number(data, at)
                    tick, at = _number(data, at)
                    if of != client:
                        origins.append((of, tick))
                    elif tick >= clock:
                        raise UpdateError(f"{of}:{clock} refers to {of}:{tick}, which comes later")
                    if halves or found:
                        edges.append((of, tick))
                    if spans is not None and info & _ORIGIN:
                        spans.append((left, (of, tick)))
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
                if b"\0" in text or b"\r" in text:
                    raise UpdateError("it holds a NUL or a carriage return, which no text here does")
                at += length
                if not text.isascii():
                    length = utf16_length(text)
                    if halves is not None:
                        _find_halves(text, clock, found.setdefault(client, array("Q")))
            elif kind != _DELETED:
                raise UpdateError(f"it is not of a text document: content of kind {kind}")
            if length == 0:
                raise UpdateError("an empty operation")
            clock += length
        if clock > _LAST_CLOCK or client > _LAST_CLIENT:
            raise UpdateError(f"{client}:{clock} is beyond what a client can write")
        blocks.append(Block(client, first, clock - first))
    if at == size - 1 and data[at] == 0 and len(blocks) == 1 and not origins and not edges and not found:
        return blocks  # one person's typing, the most frequent update by far
    ends = {block.client: max(clocks.get(block.client, 0), block.clock + block.length) for block in blocks}
    if len(ends) != len(blocks):
        raise UpdateError("a client twice")
    for of, tick in origins:
        if tick >= ends.get(of, clocks.get(of, 0)):
            raise UpdateError(f"it refers to {of}:{tick}, which nobody has")
    count, at = _number(data, at)
    parts += count
    for _ in range(count):
        client, at = _number(data, at)
        ranges, at = _number(data, at)
        parts += ranges
        if parts > most:
            raise TooLargeError(f"more than {most} parts")
        known = ends.get(client, clocks.get(client, 0))
        for _ in range(ranges):
            clock, at = _number(data, at)
            length, at = _number(data, at)
            if clock + length > known:
                raise UpdateError(f"it deletes {client}:{clock}+{length}, which nobody has")
            if halves or found:
                edges += ((client, clock), (client, clock + length))
    if at != size:
        raise UpdateError(f"{size - at} bytes too many")
    if halves is not None:
        # What is known already is skipped: the rest must begin with a character, too.
        edges += ((client, clocks.get(client, 0)) for client in found)
        for of, tick in edges:
            if _holds(halves.get(of), tick) or _holds(found.get(of), tick):
                raise UpdateError(f"it cuts the character at {of}:{tick} in two")
        for client, ticks in found.items():
            here = halves.setdefault(client, array("Q"))
            last = here[-1] if here else -1
            here.extend(tick for tick in ticks if tick > last)
    return blocks


def _find_halves(text: bytes, clock: int, found: array[int]) -> None:
    for number_before, match in enumerate(_TWO_UNITS.finditer(text.decode())):
        found.append(clock + match.start() + number_before + 1)


def _holds(rising: array[int] | None, value: int) -> bool:
    if not rising:
        return False
    at = bisect_left(rising, value)
    return at < len(rising) and rising[at] == value


def beginning(text: str, clients: tuple[int, int]) -> bytes:
    """Return the update that writes `text`, not empty, into an empty document: pieces by two clients in turn.

    Pieces of one client would grow together again, and whoever edits within an operation copies what follows in it: a
    thousand replacements in one of 10 MB take seconds.
    """
    written: tuple[list[bytes], list[bytes]] = ([], [])
    clocks = [0, 0]
    for index, start in enumerate(range(0, len(text), PIECE)):
        turn, other = index % 2, (index + 1) % 2
        data = text[start : start + PIECE].encode()
        if index:
            place = bytes((_ORIGIN | _STRING,)) + number(clients[other]) + number(clocks[other] - 1)
        else:
            place = bytes((_STRING, 1, len(ROOT))) + ROOT
        written[turn].append(place + number(len(data)) + data)
        clocks[turn] += utf16_length(data)
    used = [(client, structs) for client, structs in zip(clients, written, strict=True) if structs]
    parts = [number(len(used))]
    for client, structs in used:
        parts += [number(len(structs)), number(client), number(0), *structs]
    return b"".join([*parts, b"\0"])


def has_two_units(text: str) -> bool:
    """Whether a character of `text` has two UTF-16 units."""
    return not text.isascii() and _TWO_UNITS.search(text) is not None


def utf16_length(text: bytes) -> int:
    """Return the number of UTF-16 code units of UTF-8 `text`. Raises UpdateError when it is not UTF-8."""
    try:
        return len(text.decode().encode("utf-16-le")) // 2
    except UnicodeDecodeError:
        raise UpdateError("its text is not UTF-8") from None


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
