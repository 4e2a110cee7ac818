"""What of a request's headers a program of a workspace gets to see, and what of its answer's a browser does."""

from __future__ import annotations

from collections.abc import Iterable

from coterie.hub.identity import TOKEN_PREFIX
from coterie.hub.ports.address import Place

Header = tuple[bytes, bytes]

_OURS = (b"coterie", b"__host-coterie", b"__secure-coterie")
"""How the names of the hub's cookies and headers begin."""

_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
    }
)
"""About one connection, not about the request (RFC 9110, 7.6.1); transfer-encoding and upgrade are handled apart."""

_SITE_WIDE = b"clear-site-data"
"""Deletes cookies of all hosts of a domain, the hub's among them (Clear Site Data, 3.1)."""

_FORWARDED = frozenset({b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip"})


def to_program(headers: Iterable[Header], place: Place, origin: str) -> list[Header]:
    """Return the request's headers for the program.

    It is asked as `localhost:PORT`, which development servers accept, so `Origin` says the same; what it was asked as
    by the browser is in `X-Forwarded-Host`. The hub's cookies and tokens are left out.
    """
    local = f"localhost:{place.port}".encode()
    scheme, _, host = origin.encode().partition(b"://")
    sent: list[Header] = [(b"host", local), (b"x-forwarded-host", host), (b"x-forwarded-proto", scheme)]
    named = _named_by_connection(headers)
    for name, value in headers:
        name = name.lower()  # noqa: PLW2901
        if (
            name in _HOP
            or name in _FORWARDED
            or name in named
            or name in (b"host", b"expect")
            or name.startswith(_OURS)
        ):
            continue
        if name == b"cookie":
            value = without_our_cookies(value)  # noqa: PLW2901
            if not value:
                continue
        elif name == b"authorization" and TOKEN_PREFIX.encode() in value:
            continue
        elif name == b"origin" and value == origin.encode():
            value = b"http://" + local  # noqa: PLW2901
        sent.append((name, value))
    return sent


def to_browser(headers: Iterable[Header], place: Place) -> list[Header]:
    """Return the answer's headers for the browser: no cookie that could pass for the hub's, or reach another origin."""
    sent: list[Header] = []
    named = _named_by_connection(headers)
    local = tuple(f"http://{host}:{place.port}/".encode() for host in ("localhost", "127.0.0.1"))
    for name, value in headers:
        name = name.lower()  # noqa: PLW2901
        left_out = name in (b"transfer-encoding", b"upgrade", _SITE_WIDE)
        if left_out or name in _HOP or name in named or name.startswith(_OURS):
            continue
        if name == b"set-cookie":
            value = _own_cookie(value)  # noqa: PLW2901
            if not value:
                continue
        elif name == b"location" and value.startswith(local):
            value = b"/" + value.split(b"/", 3)[3]  # noqa: PLW2901
        sent.append((name, value))
    return sent


def without_our_cookies(cookie: bytes) -> bytes:
    """Return a Cookie header's value without the cookies of the hub and of web ports."""
    kept = [part for part in cookie.split(b";") if not part.strip().lower().startswith(_OURS)]
    return b";".join(kept).strip()


def _own_cookie(cookie: bytes) -> bytes:
    """Return a Set-Cookie header's value without Domain, so that it stays with this origin; empty: leave it out."""
    parts = cookie.split(b";")
    if parts[0].strip().lower().startswith(_OURS):
        return b""
    return b";".join(part for part in parts if not part.strip().lower().startswith(b"domain"))


def _named_by_connection(headers: Iterable[Header]) -> set[bytes]:
    named: set[bytes] = set()
    for name, value in headers:
        if name.lower() == b"connection":
            named |= {part.strip().lower() for part in value.split(b",")}
    return named - {b"upgrade", b"close", b""}
