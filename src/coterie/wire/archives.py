"""Reads archives of every accepted kind as one sequence of entries, bounded in memory whatever they claim."""

from __future__ import annotations

import bz2
import gzip
import lzma
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import IO, Protocol, cast

from coterie.wire.errors import CoterieError, ErrorCode

KINDS = "zip, tar, tar.gz, tar.xz, tar.bz2 or tar.zst"
_LONGEST_HEADER = 4 << 20
"""Bytes of all that a tar says about one entry: the reader keeps it in memory, whatever the archive claims."""
_SKIP = 1 << 18
_DIRECTORY_ENTRY = 512
"""Bytes of a zip's directory that an honest entry stays below on average."""


class Kind(Enum):
    """What an entry makes."""

    FILE = auto()
    FOLDER = auto()
    SYMLINK = auto()
    HARD_LINK = auto()
    DEVICE = auto()
    """Device files, pipes, sockets and whatever else is no file."""


@dataclass(frozen=True)
class Entry:
    """One name in an archive, as the archive says it: nothing about it is trusted."""

    name: str
    kind: Kind
    mode: int
    """Permission bits."""
    target: str = ""
    """What a link points to."""
    modified: float | None = None
    content: Callable[[], IO[bytes]] | None = None
    """Opens a file's bytes; only until the next entry is asked for."""


class _Source(Protocol):
    def read(self, size: int, /) -> bytes: ...


def entries(file: IO[bytes], most: int) -> Iterator[Entry]:
    """Yield what is in the archive that `file` holds from its beginning on, of which a zip may hold `most` entries.

    Raises CoterieError(ARCHIVE_UNREADABLE | TOO_BIG), and on damaged archives whatever Python's readers raise.
    """
    file.seek(0)
    head = file.read(512)
    file.seek(0)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        yield from _zip(file, most)
        return
    source: _Source = file
    if head.startswith(b"\x1f\x8b"):
        source = gzip.GzipFile(fileobj=file)
    elif head.startswith(b"\xfd7zXZ\x00"):
        source = lzma.LZMAFile(file)  # noqa: SIM115 the file is the caller's to close
    elif head.startswith(b"BZh"):
        source = bz2.BZ2File(file)
    elif head.startswith(b"\x28\xb5\x2f\xfd"):
        import zstandard  # noqa: PLC0415 large, and rarely needed

        limited = zstandard.ZstdDecompressor(max_window_size=1 << 27)
        source = cast("_Source", limited.stream_reader(file, read_across_frames=True))
    elif head[257:262] != b"ustar" and not _plain_tar(head):
        raise CoterieError(ErrorCode.ARCHIVE_UNREADABLE, f"This is not an archive. Upload one of {KINDS}.")
    yield from _tar(source)


def _plain_tar(head: bytes) -> bool:
    """Whether this is a tar from before `ustar`: its checksum fits."""
    try:
        return tarfile.nti(head[148:156]) in tarfile.calc_chksums(head) if len(head) == 512 else False  # type: ignore[attr-defined]
    except tarfile.HeaderError:
        return False


class _Forward:
    """A stream that tarfile may read and skip forward in, within bounds."""

    def __init__(self, source: _Source) -> None:
        self._source = source
        self._at = 0
        self.left: int | None = _LONGEST_HEADER
        """Bytes that may still be read of an entry's header, None: contents are read."""

    def read(self, size: int = -1) -> bytes:
        # Of all headers together, too: one entry may have many, and a sparse one goes on as long as it says so itself.
        if not 0 <= size <= (_LONGEST_HEADER if self.left is None else self.left):
            raise CoterieError(ErrorCode.ARCHIVE_UNREADABLE, "This archive is damaged: a header in it is too large.")
        if self.left is not None:
            self.left -= size
        return self._take(size)

    def _take(self, size: int) -> bytes:
        parts = []
        while size and (part := self._source.read(size)):
            parts.append(part)
            size -= len(part)
            self._at += len(part)
        return b"".join(parts)

    def tell(self) -> int:
        return self._at

    def seek(self, position: int, whence: int = 0) -> int:
        if whence or position < self._at:
            raise CoterieError(ErrorCode.ARCHIVE_UNREADABLE, "This archive is damaged: its parts are out of order.")
        while position > self._at and self._take(min(_SKIP, position - self._at)):
            pass
        return self._at

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True


def _tar(source: _Source) -> Iterator[Entry]:
    forward = _Forward(source)
    with tarfile.open(fileobj=cast("IO[bytes]", forward), mode="r:", errorlevel=2) as tar:
        while True:
            forward.left = _LONGEST_HEADER
            member = tar.next()
            forward.left = None
            if member is None:
                return
            # tarfile keeps every member it has seen, and what was said about all of them.
            tar.members.clear()  # type: ignore[attr-defined]
            tar.pax_headers = {}
            kind = _tar_kind(member)
            yield Entry(
                name=member.name,
                kind=kind,
                mode=member.mode & 0o777,
                target=member.linkname if kind in (Kind.SYMLINK, Kind.HARD_LINK) else "",
                modified=float(member.mtime),
                content=_opener(tar, member) if kind is Kind.FILE else None,
            )


def _opener(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Callable[[], IO[bytes]]:
    def opened() -> IO[bytes]:
        file = tar.extractfile(member)
        assert file
        return file

    return opened


def _tar_kind(member: tarfile.TarInfo) -> Kind:
    if member.isreg():
        return Kind.FILE
    if member.isdir():
        return Kind.FOLDER
    if member.issym():
        return Kind.SYMLINK
    return Kind.HARD_LINK if member.islnk() else Kind.DEVICE


def _zip(file: IO[bytes], most: int) -> Iterator[Entry]:
    if _directory_size(file) > most * _DIRECTORY_ENTRY:
        raise CoterieError(ErrorCode.TOO_BIG, f"This archive holds more than {most:,} files, the most that is taken.")
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            if info.flag_bits & 1:
                sentence = "This archive is protected by a password. Upload one without."
                raise CoterieError(ErrorCode.ARCHIVE_UNREADABLE, sentence)
            unix = info.external_attr >> 16
            kind = _zip_kind(info, unix)
            target = ""
            if kind is Kind.SYMLINK:
                with archive.open(info) as content:
                    target = content.read(4097).decode("utf-8", "surrogateescape")
            mode = unix & 0o777 or (0o755 if kind is Kind.FOLDER else 0o644)
            # Archives made on Windows may have backslashes, which no honest name has otherwise.
            name = info.filename.replace("\\", "/")
            yield Entry(name, kind, mode, target, content=_zip_opener(archive, info) if kind is Kind.FILE else None)


def _zip_opener(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
    return lambda: archive.open(info)


def _zip_kind(info: zipfile.ZipInfo, unix: int) -> Kind:
    kinds = {0: Kind.FILE, stat.S_IFREG: Kind.FILE, stat.S_IFDIR: Kind.FOLDER, stat.S_IFLNK: Kind.SYMLINK}
    if info.is_dir():
        return Kind.FOLDER
    return kinds.get(stat.S_IFMT(unix), Kind.DEVICE)


def _directory_size(file: IO[bytes]) -> int:
    """Bytes of a zip's directory, which zipfile reads at once, as the end of the file says it."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 66_000))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + 22 > len(tail):
        raise zipfile.BadZipFile("no end record")
    directory = int(struct.unpack_from("<I", tail, at + 12)[0])
    if directory == 0xFFFFFFFF and (at64 := tail.rfind(b"PK\x06\x06", 0, at)) >= 0:
        directory = int(struct.unpack_from("<Q", tail, at64 + 40)[0])
    file.seek(0)
    return directory
