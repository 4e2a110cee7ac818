"""Text files that are too large to be edited: read in pages, cut between lines."""

from __future__ import annotations

import os
from typing import NamedTuple

from coterie.wire.errors import CoterieError, ErrorCode
from coterie.workspace.documents.encoding import is_binary
from coterie.workspace.paths import Root

PAGE = 256 << 10
"""Bytes of a page, about."""

_OVERLONG = 64 << 10
"""Bytes to look back for the end of a line; a longer line is cut."""


class Page(NamedTuple):
    """Text from byte `offset` to byte `end` of a file of `size` bytes."""

    offset: int
    end: int
    size: int
    text: str


def page(root: Root, path: str, offset: int) -> Page:
    """Return the page at a byte offset, which begins at the line that the offset is in. Blocks.

    Raises CoterieError: NOT_FOUND, BINARY, OUTSIDE, INVALID, FORBIDDEN.
    """
    fd = root.open_file(path)
    try:
        size = os.fstat(fd).st_size
        if is_binary(os.pread(fd, 8192, 0)):
            raise CoterieError(ErrorCode.BINARY, "This is not a text file, so it cannot be opened in the editor.")
        offset = max(0, min(offset, size))
        before = os.pread(fd, min(_OVERLONG, offset), offset - min(_OVERLONG, offset))
        line = before.rfind(b"\n") + 1
        start = offset - len(before) + line
        if not line and start:
            start = offset  # within a line that is too long to look for its beginning
        data = os.pread(fd, PAGE, start)
        end = start + len(data)
        if end < size and (cut := data.rfind(b"\n", len(data) - _OVERLONG)) >= 0:
            data = data[: cut + 1]
            end = start + cut + 1
        return Page(start, end, size, _text(data))
    finally:
        os.close(fd)


def _text(data: bytes) -> str:
    return data.decode(errors="replace").replace("\r\n", "\n")
