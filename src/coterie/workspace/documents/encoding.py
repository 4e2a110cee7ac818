"""Bytes of a file to text with `\\n` line ends and back, byte for byte where nothing was typed."""

from __future__ import annotations

import codecs
import zlib
from collections import Counter
from dataclasses import dataclass
from functools import cache

from coterie.wire.errors import CoterieError, ErrorCode
from coterie.workspace.documents.text import matches

MAX_TEXT = 10 << 20
"""Bytes in UTF-8, with `\\n` line ends, of the longest text that is edited; a longer one opens read-only, in pages."""

_ENDINGS = ("\n", "\r\n", "\r")
_MARKS = {"\n": "n", "\r\n": "b", "\r": "r"}
_ENDS = {mark: end for end, mark in _MARKS.items()}
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True)
class Format:
    """How a text is written as bytes.

    `endings` holds the line end of every line where they are mixed, for `text`, the text they belong to.
    """

    encoding: str = "utf-8"
    bom: bytes = b""
    ending: str = "\n"
    endings: tuple[str, ...] = ()
    text: str = ""

    @property
    def label(self) -> str:
        """The format in words, for the status bar."""
        name = {"utf-8": "UTF-8", "latin-1": "Latin-1", "utf-16-le": "UTF-16 LE", "utf-16-be": "UTF-16 BE"}
        label = name[self.encoding] + (" with BOM" if self.bom and self.encoding == "utf-8" else "")
        ends = "mixed line ends" if self.endings else {"\n": "LF", "\r\n": "CRLF", "\r": "CR"}[self.ending]
        return f"{label}, {ends}"

    @property
    def marks(self) -> bytes:
        """`endings` in short, for the log."""
        return zlib.compress("".join(_MARKS[end] for end in self.endings).encode()) if self.endings else b""

    @classmethod
    def of(cls, encoding: str, bom: bytes, ending: str, marks: bytes, text: str) -> Format:
        """Return the format that `text` was written in; marks of another text say nothing about it."""
        if not marks:
            return cls(encoding, bom, ending)
        try:
            endings = tuple(_ENDS[mark] for mark in zlib.decompress(marks).decode())
        except (zlib.error, KeyError):
            endings = ()
        if len(endings) != text.count("\n"):
            return cls(encoding, bom, ending)
        return cls(encoding, bom, ending, endings, text)


@cache
def _plain(encoding: str, bom: bytes) -> Format:
    """The same object for all files of a kind."""
    return Format(encoding, bom)


def is_binary(data: bytes) -> bool:
    """Whether `data` is no text that this editor could write back: there is a NUL in it, outside UTF-16."""
    for bom, encoding in _BOMS[1:]:
        if data.startswith(bom):
            try:
                return "\0" in data.decode(encoding)
            except UnicodeDecodeError:
                return True
    return b"\0" in data


def too_long() -> CoterieError:
    """Return what to tell somebody whose text does not fit."""
    sentence = f"The file would become longer than {MAX_TEXT >> 20} MB, the most that can be edited together."
    return CoterieError(ErrorCode.TOO_BIG, sentence)


def decode(data: bytes) -> tuple[str, Format]:
    """Return the text in `data` with `\\n` line ends, and how to write it back.

    Raises CoterieError: BINARY, TOO_BIG.
    """
    if is_binary(data):
        raise CoterieError(ErrorCode.BINARY, "This is not a text file, so it cannot be opened in the editor.")
    text, style = _decode(data)
    if len(text) > MAX_TEXT or (not text.isascii() and len(text.encode()) > MAX_TEXT):
        raise CoterieError(ErrorCode.TOO_BIG, f"This file holds more than {MAX_TEXT >> 20} MB of text.")
    return text, style


def _decode(data: bytes) -> tuple[str, Format]:
    bom, encoding = next(((bom, encoding) for bom, encoding in _BOMS if data.startswith(bom)), (b"", "utf-8"))
    try:
        text = data[len(bom) :].decode(encoding)
    except UnicodeDecodeError:
        bom, encoding = b"", "latin-1"
        text = data.decode(encoding)
    if "\r" not in text:
        return text, _plain(encoding, bom)
    ends = _line_ends(text)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    common = Counter(ends).most_common()
    ending = min((end for end, times in common if times == common[0][1]), key=_ENDINGS.index)
    if len(common) == 1:
        return text, Format(encoding, bom, ending)
    return text, Format(encoding, bom, ending, tuple(ends), text)


def encode(text: str, style: Format) -> tuple[bytes, Format]:
    """Return `text` as bytes in `style`, and the style they have: UTF-8 where they would not read back as this text.

    That is so where a character does not exist in `style`, where Latin-1 happens to look like UTF-8 or UTF-16, and
    where the text itself begins with U+FEFF: then with a byte-order mark before it. In a file of mixed line ends each
    line that was there keeps its own; new lines take the most common one.
    """
    endings: tuple[str, ...] = ()
    if style.endings:
        endings = _carried(style, text)
        lines = text.split("\n")
        written = "".join(line + end for line, end in zip(lines, (*endings, ""), strict=True))
    elif style.ending != "\n":
        written = text.replace("\n", style.ending)
    else:
        written = text
    for encoding, bom in ((style.encoding, style.bom), ("utf-8", b""), ("utf-8", codecs.BOM_UTF8)):
        try:
            data = bom + written.encode(encoding)
        except UnicodeEncodeError:
            continue
        if _reads_back(data, encoding, bom):
            break
    else:
        encoding, bom = "utf-8", b""
        data = written.encode(errors="replace")
    if endings:
        return data, Format(encoding, bom, style.ending, endings, text)
    return data, Format(encoding, bom, style.ending)


def _reads_back(data: bytes, encoding: str, bom: bytes) -> bool:
    """Whether whoever reads `data` takes it for what it is."""
    found = next((known for known in _BOMS if data.startswith(known[0])), (b"", ""))
    if encoding != "latin-1":
        return found[0] == bom
    # What is not UTF-8 although it begins like it is Latin-1.
    return found[0] in (b"", codecs.BOM_UTF8) and (data.isascii() or not _is_utf8(data))


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _line_ends(text: str) -> list[str]:
    ends: list[str] = []
    for part in text.split("\n")[:-1]:
        inner = part.removesuffix("\r")
        ends.extend("\r" * inner.count("\r"))
        ends.append("\n" if inner == part else "\r\n")
    ends.extend("\r" * text.rpartition("\n")[2].count("\r"))
    return ends


def _carried(style: Format, text: str) -> tuple[str, ...]:
    """The line ends for `text`: those of the lines of `style.text` that are still there."""
    if text == style.text:
        return style.endings
    old, new = style.text.split("\n"), text.split("\n")
    endings = [style.ending] * (len(new) - 1)
    for match in matches(old, new):
        for offset in range(match.length):
            if match.old + offset < len(style.endings) and match.new + offset < len(endings):
                endings[match.new + offset] = style.endings[match.old + offset]
    for at in range(1, len(endings)):
        # With nothing between them they would be read as one.
        if not new[at] and endings[at - 1] == "\r" and endings[at] == "\n":
            endings[at] = "\r"
    return tuple(endings)
