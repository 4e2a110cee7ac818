"""The last output of one terminal, numbered by byte, from which each reader reads at its own position."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from coterie.wire.launch import TERMINAL_KEEP
from coterie.workspace.terminals.modes import ESCAPE, Modes, Tracker

CHUNK = 16 << 10
"""Bytes up to which small outputs are joined, so that output of single bytes costs no object per byte."""


@dataclass(slots=True)
class _Chunk:
    start: int
    data: bytes
    modes: Modes
    """At `start`."""
    whole: bool
    """Whether a reader may begin at `start`."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A place in the output at which a reader may begin, and the modes the emulator must be in there."""

    sequence: int
    modes: Modes


class Ring:
    """Keeps the last `size` bytes of output.

    Invariants: `start <= head`; the chunks are contiguous from `start` to `head`; none is empty; `head` only grows.
    """

    def __init__(self, size: int = TERMINAL_KEEP, start: int = 0) -> None:
        self.size = size
        self._chunk = min(CHUNK, max(1, size // 8))
        """Forgetting goes by chunks, so a small ring has small ones."""
        self.start = start
        self.head = start
        self.tracker = Tracker()
        self._chunks: deque[_Chunk] = deque()

    def append(self, data: bytes) -> None:
        """Add output, and forget the oldest chunks beyond the size."""
        if not data:
            return
        # A reader may always begin at an escape: whatever the emulator was in, it ends it.
        escape = data.find(ESCAPE) if not self.tracker.whole and self._chunks and not self._chunks[-1].whole else 0
        if escape > 0:
            self._keep(data[:escape])
            data = data[escape:]
        self._keep(data, escape=escape >= 0 and data.startswith(ESCAPE))
        while self.head - self.start > self.size and len(self._chunks) > 1:
            self.start += len(self._chunks.popleft().data)

    def _keep(self, data: bytes, *, escape: bool = False) -> None:
        last = self._chunks[-1] if self._chunks else None
        whole = self.tracker.whole or escape
        if last is not None and len(last.data) + len(data) <= self._chunk and (last.whole or not whole):
            last.data += data
        else:
            self._chunks.append(_Chunk(self.head, data, self.tracker.modes, whole))
        self.tracker.feed(data)
        self.head += len(data)

    def read(self, sequence: int, limit: int) -> bytes:
        """Return at most `limit` bytes from `sequence` on; empty at the head. Raises LookupError outside the ring."""
        if not self.start <= sequence <= self.head:
            raise LookupError(f"byte {sequence} is not among {self.start}–{self.head}")
        parts: list[bytes] = []
        for chunk in self._chunks:
            end = chunk.start + len(chunk.data)
            if end <= sequence:
                continue
            if limit <= 0:
                break
            offset = max(0, sequence - chunk.start)
            part = chunk.data[offset : offset + limit] if offset or limit < len(chunk.data) else chunk.data
            parts.append(part)
            limit -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def cut(self, sequence: int) -> Cut:
        """Return the first place at or after `sequence` that is not inside an escape sequence or a character.

        When there is none it is the head: better nothing than half a sequence, which would be shown as rubbish.
        """
        for chunk in self._chunks:
            if chunk.start >= sequence and chunk.whole:
                return Cut(chunk.start, chunk.modes)
        return Cut(self.head, self.tracker.modes)

    def near(self, sequence: int, back: int) -> Cut:
        """Return a place at which a reader may begin: the last within `back` bytes before `sequence`, else the next.

        What is put out at once may be longer than what is wanted, and end inside a character each time: after it there
        may be no place at all, then it is the last one, however far back.
        """
        found: _Chunk | None = None
        for chunk in reversed(self._chunks):
            if found is not None and (found.start <= sequence or chunk.start < sequence - back):
                break
            if chunk.whole:
                found = chunk
        return Cut(found.start, found.modes) if found else self.cut(self.head)

    def contents(self) -> tuple[int, bytes, Modes]:
        """Return all that is kept from a safe place on: where it begins, the bytes, and the modes there."""
        cut = self.cut(self.start)
        return cut.sequence, self.read(cut.sequence, self.head - cut.sequence), cut.modes

    @classmethod
    def restored(cls, start: int, data: bytes, modes: Modes, size: int = TERMINAL_KEEP) -> Ring:
        """Return a ring that holds saved `contents`."""
        ring = cls(size, start)
        ring.tracker.modes = modes
        for offset in range(0, len(data), CHUNK):
            ring.append(data[offset : offset + CHUNK])
        return ring
