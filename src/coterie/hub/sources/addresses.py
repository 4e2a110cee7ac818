"""Which network addresses the hub may be sent to on a person's behalf."""

from __future__ import annotations

import asyncio
import ipaddress
import socket

from coterie.wire.errors import CoterieError, ErrorCode

RESOLVE_WITHIN = 10.0
"""Seconds for the name service to answer."""

_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192")
)
"""Where cloud providers hand a machine its credentials; not all of them are link-local."""

_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
"""IPv6 addresses that a NAT64 gateway turns into the IPv4 address in their last 32 bits (RFC 6052)."""

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_local(address: str) -> bool:
    """Whether `address` leads to the hub's own machine, its link or its provider rather than to somewhere else.

    Private ranges are not local in this sense: an organisation's own git server usually lives there.
    """
    return any(
        each in _METADATA
        or each.is_loopback
        or each.is_link_local
        or each.is_unspecified
        or each.is_multicast
        or (each.version == 4 and each in ipaddress.ip_network("0.0.0.0/8"))
        for each in _meanings(ipaddress.ip_address(address.partition("%")[0]))
    )


def _meanings(address: _Address) -> list[_Address]:
    """The address and every IPv4 address that it may stand for on the way."""
    meanings: list[_Address] = [address]
    if isinstance(address, ipaddress.IPv6Address):
        meanings += [inner for inner in (address.ipv4_mapped, address.sixtofour) if inner]
        if address in _TRANSLATED:
            meanings.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return meanings


def is_own(address: str) -> bool:
    """Whether `address` is one of this machine's own: only such can be listened on."""
    found = ipaddress.ip_address(address.partition("%")[0])
    family = socket.AF_INET if found.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as trial:
            trial.bind((str(found), 0))
    except OSError:
        return False
    return True


async def resolve(host: str, port: int, *, allow_local: bool) -> list[str]:
    """Return the addresses of `host`, all of which may be connected to.

    Raises CoterieError(GIT_UNREACHABLE) when the name is unknown or any of its addresses is local: a name with one
    local address is an attempt to be connected there on a later try.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RESOLVE_WITHIN):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError) as error:
        sentence = f"The name {host} could not be found. Check the address, or try again later."
        raise CoterieError(ErrorCode.GIT_UNREACHABLE, sentence, repr(error)) from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not allow_local and any(is_local(address) or is_own(address) for address in addresses):
        sentence = f"{host} is an address of the server itself, which repositories are not taken from."
        raise CoterieError(ErrorCode.GIT_UNREACHABLE, sentence, f"{host} is {addresses}")
    return addresses
