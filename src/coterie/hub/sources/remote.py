"""Reads a repository's address and asks its server who really answers, so that git is only ever sent there."""

from __future__ import annotations

import base64
import re
import ssl
from dataclasses import dataclass, replace
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

import httpx

from coterie.hub.sources import addresses
from coterie.wire.errors import CoterieError, ErrorCode

ANSWER_WITHIN = 20.0
"""Seconds for the server to answer the first request."""
MOST_REDIRECTS = 5
_PORTS = {"http": 80, "https": 443, "git": 9418}
_INFO = "/info/refs"
_QUERY = "service=git-upload-pack"
_SSH = re.compile(r"^(?:ssh|git\+ssh|ssh\+git)://|^[\w.-]+@[\w.-]+:(?!//)", re.IGNORECASE)
_HOST = re.compile(r"^[a-z0-9_]([a-z0-9_.-]{0,252}[a-z0-9_.])?$|^[0-9a-f:]+$", re.IGNORECASE)


@dataclass(frozen=True)
class Remote:
    """One repository. `url` holds no credentials; `authorization` is the header they make, or empty."""

    url: str
    scheme: str
    host: str
    port: int
    authorization: str = ""
    addresses: tuple[str, ...] = ()
    """What `host` resolved to when it was checked; connections are made to these and no others."""


def parse(url: str) -> Remote:
    """Return what `url` says, unresolved.

    Raises CoterieError: INVALID for what is no address of a repository, GIT_PRIVATE for SSH, which needs a key that
    the hub does not have.
    """
    url = url.strip()
    if _SSH.search(url):
        sentence = "Addresses over SSH need a key, which Coterie has none of. Use the repository's https:// address."
        raise CoterieError(ErrorCode.GIT_PRIVATE, sentence)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _invalid() from None
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in _PORTS or not _HOST.match(host) or any(c.isspace() or not c.isprintable() for c in url):
        raise _invalid()
    if port == 0:
        raise _invalid()
    shown = f"[{host}]" if ":" in host else host
    place = shown if port in (None, _PORTS[parts.scheme]) else f"{shown}:{port}"
    clean = urlunsplit((parts.scheme, place, parts.path.rstrip("/"), "", ""))
    return Remote(clean, parts.scheme, host, port or _PORTS[parts.scheme], _basic(parts.username, parts.password))


async def locate(remote: Remote, *, allow_local: bool) -> Remote:
    """Return where the repository really is: redirects followed, each host resolved and checked.

    Raises CoterieError: GIT_UNREACHABLE when nothing answers or it is no repository, GIT_PRIVATE when it asks for
    credentials.
    """
    for _ in range(MOST_REDIRECTS + 1):
        found = await addresses.resolve(remote.host, remote.port, allow_local=allow_local)
        remote = replace(remote, addresses=tuple(found))
        if remote.scheme == "git":
            return remote
        location = await _ask(remote)
        if location is None:
            return remote
        remote = _follow(remote, location)
    raise CoterieError(ErrorCode.GIT_UNREACHABLE, f"{remote.host} redirects in circles. Check the address.")


async def _ask(remote: Remote) -> str | None:
    """Request the list of branches; None when this is the place, else where the server points to."""
    headers = {
        "Host": remote.url.split("/")[2],
        "User-Agent": "git/2 (coterie)",
        "Git-Protocol": "version=2",
        "Accept": "*/*",
    }
    if remote.authorization:
        headers["Authorization"] = remote.authorization
    status, kind, location = 0, "", ""
    async with httpx.AsyncClient(verify=ssl.create_default_context(), trust_env=False, timeout=ANSWER_WITHIN) as client:
        problem: Exception | None = None
        for address in remote.addresses:
            place = f"[{address}]" if ":" in address else address
            path = urlsplit(remote.url).path
            url = f"{remote.scheme}://{place}:{remote.port}{path}{_INFO}?{_QUERY}"
            try:
                async with client.stream(
                    "GET", url, headers=headers, extensions={"sni_hostname": remote.host}
                ) as answer:
                    status = answer.status_code
                    kind, location = answer.headers.get("content-type", ""), answer.headers.get("location", "")
                    break
            except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as error:
                problem = error
        else:
            raise _unreachable(remote, f"{problem!r}")
    if 300 <= status < 400 and location:
        return str(urljoin(f"{remote.url}{_INFO}?{_QUERY}", location))
    if status in (401, 403):
        raise private(remote)
    if status != 200:
        raise _unreachable(remote, f"status {status}") if status >= 500 else _no_repository(remote, f"status {status}")
    if not kind.startswith("application/x-git-upload-pack-advertisement"):
        raise _no_repository(remote, f"content type {kind!r}")
    return None


def _follow(remote: Remote, location: str) -> Remote:
    target, _, query = location.partition("?")
    if not target.endswith(_INFO) or query not in (_QUERY, ""):
        if "sign_in" in target or "login" in target:
            raise private(remote)
        raise _no_repository(remote, f"redirected to {location!r}")
    try:
        found = parse(target.removesuffix(_INFO))
    except CoterieError as error:
        raise _no_repository(remote, f"redirected to {location!r}: {error}") from None
    same = (found.host, found.port) == (remote.host, remote.port)
    upgraded = found.host == remote.host and (remote.scheme, found.scheme) == ("http", "https")
    # Credentials are for the host they were given for.
    return replace(found, authorization=remote.authorization if same or upgraded else "")


def private(remote: Remote) -> CoterieError:
    """The error for a repository that asks who is there."""
    sentence = (
        f"The repository at {remote.url} is private or does not exist. "
        "Make it public, or put a user name and an access token into the address: https://NAME:TOKEN@…"
    )
    if remote.authorization:
        sentence = f"{remote.host} did not accept the user name and token in the address. Check both."
    return CoterieError(ErrorCode.GIT_PRIVATE, sentence)


def _no_repository(remote: Remote, detail: str) -> CoterieError:
    sentence = f"There is no git repository at {remote.url}. Check the address."
    return CoterieError(ErrorCode.GIT_UNREACHABLE, sentence, detail)


def _unreachable(remote: Remote, detail: str) -> CoterieError:
    sentence = f"{remote.host} does not answer. Check the address, or try again later."
    return CoterieError(ErrorCode.GIT_UNREACHABLE, sentence, detail)


def _invalid() -> CoterieError:
    sentence = (
        "That is not the address of a git repository. It should look like https://example.org/people/project.git."
    )
    return CoterieError(ErrorCode.INVALID, sentence)


def _basic(username: str | None, password: str | None) -> str:
    if not username and not password:
        return ""
    pair = f"{unquote(username or '')}:{unquote(password or '')}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"
