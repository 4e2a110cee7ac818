"""Which pages may act for a signed-in person: the Origin check of state-changing requests and of sockets."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from coterie.hub.identity import cookie_secret
from coterie.hub.settings import Settings


def origin_allowed(headers: Mapping[str, str], settings: Settings) -> bool:
    """Whether a request with these headers (names in small letters) may change something or open a socket.

    A browser always sends Origin with such requests, so one without is no browser's; it is refused only when it brings
    a cookie, which is what a forged request would lean on. With `public_url` set, that is the only origin; without,
    the page must come from the host that the request goes to. `null` (a sandboxed frame) is never allowed.
    """
    origin = headers.get("origin")
    if origin is None:
        return cookie_secret(headers, settings.secure) is None
    if settings.public_url:
        return origin == settings.public_url
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc != "" and parts.netloc == headers.get("host")
