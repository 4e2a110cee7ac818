"""The names of web ports: `PORT--WORKSPACE.HOST`, an origin for each port, none of them the hub's."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from coterie.hub.settings import Settings
from coterie.wire.errors import CoterieError, ErrorCode
from coterie.wire.ids import ID_LENGTH

_LABEL = re.compile(rf"([1-9]\d{{0,4}})--([a-z2-9]{{{ID_LENGTH}}})")

LOCAL = "localhost"
"""Browsers resolve every name below it to the machine they run on (RFC 6761, 6.3)."""


@dataclass(frozen=True)
class Place:
    """One port of one workspace."""

    port: int
    workspace: str

    @property
    def label(self) -> str:
        """What stands before the host: one DNS label, so that one wildcard certificate covers all."""
        return f"{self.port}--{self.workspace}"


def parse(host: str, settings: Settings) -> Place | None:
    """Return the place that a request with this Host header asks for; None when it is not for a web port."""
    label, _, rest = host.lower().partition(".")
    match = _LABEL.fullmatch(label)
    if match is None or _name(rest) != _name(ports_host(settings)) or int(match[1]) > 65535:
        return None
    return Place(int(match[1]), match[2])


def ports_host(settings: Settings) -> str:
    """Return the host below which web ports are, with a port where it is not the scheme's own; empty: there is none."""
    if settings.ports_host:
        return settings.ports_host
    if not settings.public_url:
        return f"{LOCAL}:{settings.port}"
    host = urlsplit(settings.public_url).netloc
    return "" if _is_address(_name(host)) else host


def origin(place: Place, settings: Settings) -> str:
    """Return the origin of a web port. Raises CoterieError(UNAVAILABLE) where web ports can have no names."""
    host = ports_host(settings)
    if not host:
        raise CoterieError(
            ErrorCode.UNAVAILABLE,
            "Web ports need a host name. Ask your administrator to set COTERIE_PORTS_HOST to one whose subdomains "
            "lead here.",
        )
    return f"{'https' if settings.secure else 'http'}://{place.label}.{host}"


def _name(host: str) -> str:
    """The host without its port."""
    return host if host.endswith("]") else host.rpartition(":")[0] or host


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
