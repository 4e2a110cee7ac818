"""With which content type a file of a workspace is sent: never one that a browser would run in the hub's origin."""

from __future__ import annotations

import mimetypes
from urllib.parse import quote

_INLINE = {
    ".avif": "image/avif",
    ".bmp": "image/bmp",
    ".gif": "image/gif",
    ".ico": "image/x-icon",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".flac": "audio/flac",
    ".mp3": "audio/mpeg",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".wav": "audio/wav",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
}
"""What cannot contain a script."""

_SVG = "image/svg+xml"
_TEXT = "text/plain; charset=utf-8"
_BYTES = "application/octet-stream"
_TEXTS = frozenset({"application/json", "application/javascript", "application/xml", "application/x-sh"})


def kind(name: str) -> tuple[str, bool]:
    """Return the content type for a file's name, and whether a browser may show it rather than save it.

    An SVG keeps its type, so that an image element shows it (scripts do not run there), but is saved when opened by
    itself. HTML, and everything else that is text, is plain text.
    """
    ending = name[name.rfind(".") :].lower() if "." in name else ""
    if ending in _INLINE:
        return _INLINE[ending], True
    guessed, encoding = mimetypes.guess_type(name, strict=False)
    if encoding is not None:
        return _BYTES, False
    if guessed == _SVG:
        return _SVG, False
    if guessed is None or guessed.startswith("text/") or guessed in _TEXTS or guessed.endswith(("+json", "+xml")):
        return _TEXT, True
    return _BYTES, False


ARCHIVES = {"zip": "application/zip", "tar.gz": "application/gzip"}
"""Formats that a folder can be had in, and their content types."""

GUARDS = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "private, no-cache",
}
"""Headers of every content: nothing in a workspace may run, or be taken for a page of the hub (access: rules)."""


def disposition(name: str, inline: bool) -> str:
    """The Content-Disposition of a file with this name."""
    return f"{'inline' if inline else 'attachment'}; filename*=UTF-8''{quote(name, safe='')}"
