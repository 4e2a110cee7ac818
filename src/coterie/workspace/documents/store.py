"""The update log of one document: append-only, checksummed, recovered after a torn write, compacted.

A record is its length and CRC-32 (little-endian, 32 bits each), then a MessagePack array. Everything a document is can
be rebuilt from its log alone; the order of records matters: what stands before a `Disk` record is what the file held
then.

Durability: a record is given to the kernel (`write`) before anything in it is acknowledged, so a killed process loses
nothing. `fdatasync` follows within `SYNC_EVERY` seconds, so a power cut loses at most that much, and never the file
itself, which is synchronised on every save.
"""

from __future__ import annotations

import contextlib
import errno
import os
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import msgspec

from coterie.wire.decoding import UNREADABLE

SYNC_EVERY = 1.0
"""Seconds between two synchronisations of a log that is written to."""

JOURNAL = "saving"
"""Name of `Store.journal`."""

_HEAD = struct.Struct("<II")
_COMPACT_BEYOND = 256 << 10
"""Bytes a log may grow by before compacting is considered."""


class Epoch(msgspec.Struct, array_like=True, tag="e", frozen=True):
    """Begins a log: the identity of this history. Copies of different epochs are never merged."""

    epoch: str


class State(msgspec.Struct, array_like=True, tag="s", frozen=True):
    """The whole document as one update."""

    update: bytes


class Updates(msgspec.Struct, array_like=True, tag="u", frozen=True):
    """Updates in the order they were relayed."""

    updates: list[bytes]


class Disk(msgspec.Struct, array_like=True, tag="d", frozen=True):
    """The file holds what was logged before: `digest` of its bytes, 16 bytes of BLAKE2b."""

    digest: bytes
    written: bool = True
    """False: it is about to be written, and may or may not have been."""
    state: bytes = b""
    """The document as the file holds it, where that is not what was logged before."""


class Author(msgspec.Struct, array_like=True, tag="a", frozen=True):
    """Who writes with a client number. `since` in Unix seconds."""

    client: int
    user: str
    name: str
    colour: int
    since: int


class Rebased(msgspec.Struct, array_like=True, tag="r", frozen=True):
    """A rebase with this identity was carried out, so that one asked for twice happens once; what was answered."""

    identity: str
    version: int
    name: str
    problem: str = ""


class Shape(msgspec.Struct, array_like=True, tag="f", frozen=True):
    """How the file is written, for when it is gone: see `encoding.Format`; `mode` as `stat` says it."""

    encoding: str
    bom: bytes
    ending: str
    marks: bytes
    mode: int


Record: TypeAlias = Epoch | State | Updates | Disk | Author | Rebased | Shape

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Record] = msgspec.msgpack.Decoder(Record)


def pack(record: Record) -> bytes:
    """Return a record as it stands in a log."""
    body = _encoder.encode(record)
    return _HEAD.pack(len(body), zlib.crc32(body)) + body


def unpack(data: bytes) -> tuple[list[Record], int]:
    """Return the whole records at the beginning of `data`, and how many bytes they take."""
    records: list[Record] = []
    view = memoryview(data)
    at = 0
    while at + _HEAD.size <= len(data):
        length, checksum = _HEAD.unpack_from(data, at)
        end = at + _HEAD.size + length
        body = view[at + _HEAD.size : end]
        # A length of 0 is what a file grown by a lost write looks like; no record is empty.
        if length == 0 or end > len(data) or zlib.crc32(body) != checksum:
            break
        try:
            records.append(_decoder.decode(body))
        except UNREADABLE:
            break
        at = end
    return records, at


class Store:
    """One document's log file."""

    __slots__ = (
        "_closed", "_compacted_size", "_compacting", "_file", "_name", "_renamed", "_size", "unsynced",
    )  # fmt: skip

    def __init__(self, path: Path) -> None:
        self._name = os.fspath(path)
        self._file = -1
        """-1 at rest: opened when it is written to."""
        self._closed = False
        self._size = 0
        self._compacted_size = 0
        self._compacting: list[bytes] | None = None
        self.unsynced = False
        """Whether something was written since the last `sync`."""
        self._renamed = True
        """Whether the log's name may not be on the medium yet."""

    def load(self) -> list[Record]:
        """Open the log and return its records, [] for a new one. What follows a damaged record is set aside in a file.

        Raises OSError.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        data = self._path.read_bytes()
        records, size = unpack(data)
        if size < len(data):
            if records or size == 0:
                self._path.with_suffix(".damaged").write_bytes(data[size:])
            os.ftruncate(self._file, size)
        self._size = size
        self._compacted_size = sum(len(r.update) for r in records if isinstance(r, State))
        return records

    def read(self) -> list[Record]:
        """Return the records again. Raises OSError."""
        return unpack(self._path.read_bytes())[0]

    @property
    def journal(self) -> Path:
        """The file beside the log that holds what is being written over the document's file."""
        return self._path.with_name(JOURNAL)

    @property
    def size(self) -> int:
        """Bytes of the log."""
        return self._size

    @property
    def bloated(self) -> bool:
        """Whether the log has grown enough beyond the document's state to be worth compacting."""
        return self._compacting is None and self._size > _COMPACT_BEYOND + 4 * self._compacted_size

    def append(self, records: Sequence[bytes]) -> None:
        """Give packed records to the kernel, all or none. Raises OSError, then the log is as before."""
        data = b"".join(records)
        written = 0
        try:
            if self._file < 0:
                self._open()
            while written < len(data):
                written += os.pwrite(self._file, data[written:] if written else data, self._size + written)
        except OSError:
            if self._file >= 0:
                with contextlib.suppress(OSError):
                    os.ftruncate(self._file, self._size)
            raise
        self._size += written
        self.unsynced = True
        if self._compacting is not None:
            self._compacting.extend(records)

    def sync(self) -> None:
        """Bring what was written onto the medium; blocks, may run on another thread. Raises OSError."""
        self.unsynced = False
        try:
            if self._file >= 0:
                os.fdatasync(self._file)
            if self._renamed:
                self._renamed = False
                _sync_folder(self._path.parent)
        except OSError:
            self.unsynced = True
            raise

    def begin_compaction(self) -> None:
        """From now on remember what is appended, until `end_compaction`."""
        self._compacting = []

    def write_compacted(self, records: Sequence[bytes]) -> None:
        """Write the new log beside the old; blocks, may run on another thread. Raises OSError."""
        _write(self._new, records)

    def end_compaction(self, *, written: bool) -> None:
        """Put the new log, with what was appended meanwhile, into the place of the old; or forget it.

        Raises OSError, then the old log goes on.
        """
        late, self._compacting = self._compacting, None
        if not written or late is None:
            # Not written, or a new history began meanwhile.
            self._new.unlink(missing_ok=True)
            return
        self._put(self._new, late)

    def _put(self, new: Path, late: Sequence[bytes]) -> None:
        file = os.open(new, os.O_RDWR | os.O_CLOEXEC)
        try:
            size = os.fstat(file).st_size
            data = b"".join(late)
            if os.pwrite(file, data, size) != len(data):
                raise OSError(28, "No space left on device")
            new.replace(self._path)
        except OSError:
            os.close(file)
            raise
        if self._file >= 0:
            os.close(self._file)
        self._file, self._size, self._compacted_size = file, size + len(data), size
        self.unsynced = self._renamed = True

    def replace(self, records: Sequence[bytes]) -> None:
        """Begin a new history in the place of the old. Raises OSError."""
        new = self._path.with_suffix(".begun")
        try:
            _write(new, records)
            self._put(new, [])
        except OSError:
            new.unlink(missing_ok=True)
            raise
        # One that is under way would bring the old history back.
        self._compacting = None

    @property
    def awake(self) -> bool:
        """Whether the file is open."""
        return self._file >= 0

    def rest(self) -> None:
        """Keep no file open until something is written. Not while a `sync` is under way."""
        if self._file >= 0 and not self.unsynced and self._compacting is None:
            os.close(self._file)
            self._file = -1

    def close(self) -> None:
        """Let go of the file for good."""
        self._closed = True
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _open(self) -> None:
        if self._closed:
            raise OSError(errno.EBADF, "the log is closed")
        self._file = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)

    @property
    def _path(self) -> Path:
        return Path(self._name)

    @property
    def _new(self) -> Path:
        return self._path.with_suffix(".new")


def _write(path: Path, records: Sequence[bytes]) -> None:
    with path.open("wb") as file:
        file.write(b"".join(records))
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
