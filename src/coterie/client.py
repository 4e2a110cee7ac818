"""A typed client of the hub's HTTP API, over HTTPX; it knows the wire's words and nothing of the hub's code."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import msgspec

from coterie import __version__
from coterie.wire.capabilities import Capability, Role
from coterie.wire.errors import CoterieError, ErrorCode

if TYPE_CHECKING:
    import httpx

_T = TypeVar("_T")
_CHUNK = 1 << 18
_SILENCE = 60.0
"""Seconds without a word after which the stream of events is taken for dead; the hub sends something every 15."""


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody, as others see them. `colour` is an index into the colours that pages know."""

    id: str
    username: str
    display_name: str
    colour: int


class Me(Person, frozen=True, kw_only=True):
    """The caller."""

    administrator: bool
    email: str = ""


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A personal access token; `token`, its secret, is there only in the answer that made it."""

    id: str
    name: str
    prefix: str
    created: datetime
    last_used: datetime | None = None
    expires: datetime | None = None
    token: str = ""


class BlankSource(msgspec.Struct, frozen=True, tag_field="kind", tag="blank"):
    """No first files."""


class GitSource(msgspec.Struct, frozen=True, tag_field="kind", tag="git"):
    """A clone; `branch` empty: the repository's own."""

    url: str
    branch: str = ""


class ArchiveSource(msgspec.Struct, frozen=True, tag_field="kind", tag="archive"):
    """The files of an uploaded archive."""

    filename: str = ""


class Workspace(msgspec.Struct, frozen=True, kw_only=True):
    """A workspace as the caller sees it."""

    id: str
    name: str
    owner: Person
    state: str
    """`stopped`, `starting`, `running`, `stopping` or `failed`."""
    reason: str
    """Why it failed or stopped, in a sentence; else empty."""
    progress: str
    """What is being done while it starts or stops; else empty."""
    role: Role
    capabilities: list[Capability]
    created: datetime
    source: BlankSource | GitSource | ArchiveSource

    @property
    def settled(self) -> bool:
        """Whether nothing is being done to it."""
        return self.state not in ("starting", "stopping")


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who holds a role on a workspace."""

    user: Person
    role: Role
    since: datetime


class SnapshotEvent(msgspec.Struct, frozen=True, tag_field="type", tag="snapshot"):
    """Everything the caller sees; first on every connection."""

    me: Me
    workspaces: list[Workspace]


class WorkspaceEvent(msgspec.Struct, frozen=True, tag_field="type", tag="workspace"):
    """A workspace appeared or changed."""

    workspace: Workspace


class GoneEvent(msgspec.Struct, frozen=True, tag_field="type", tag="gone"):
    """A workspace was deleted, or is no longer shared with the caller."""

    id: str


class MeEvent(msgspec.Struct, frozen=True, tag_field="type", tag="me"):
    """The caller's own account changed."""

    me: Me


Event = SnapshotEvent | WorkspaceEvent | GoneEvent | MeEvent


class Client:
    """One hub, as one person. Every method raises CoterieError with the hub's own code and sentence.

    UNAVAILABLE is raised when the hub cannot be reached at all.
    """

    def __init__(self, url: str, token: str = "", *, transport: httpx.BaseTransport | None = None) -> None:
        """`token` is a personal access token; without one, `sign_in` comes first."""
        # Only once a hub is asked: `coterie serve` has this module, too, and would carry several MB for nothing.
        import httpx  # noqa: PLC0415

        self.url = url.rstrip("/")
        headers = {"User-Agent": f"coterie/{__version__}", "Origin": self.url}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._http = httpx.Client(base_url=f"{self.url}/api/v1", headers=headers, timeout=30, transport=transport)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    # --- the caller ---

    def sign_in(self, username: str, password: str) -> None:
        """Sign in as a browser does, for as long as this client lives."""
        self._send("POST", "/sign-in", json={"username": username, "password": password})

    def sign_out(self) -> None:
        self._send("POST", "/sign-out")

    def me(self) -> Me:
        return self._ask(Me, "GET", "/me")

    def create_token(self, name: str, days: int | None = None) -> Token:
        """Make a personal access token that lasts `days` (None: until it is deleted)."""
        return self._ask(Token, "POST", "/me/tokens", json={"name": name, "days": days})

    # --- workspaces ---

    def workspaces(self) -> list[Workspace]:
        """Every workspace the caller sees, newest first."""
        return self._ask(list[Workspace], "GET", "/workspaces")

    def workspace(self, workspace: str) -> Workspace:
        return self._ask(Workspace, "GET", f"/workspaces/{quote(workspace)}")

    def create(self, name: str, source: BlankSource | GitSource | None = None) -> Workspace:
        """Make a workspace, which begins to start at once."""
        body = {"name": name, "source": msgspec.to_builtins(source or BlankSource())}
        return self._ask(Workspace, "POST", "/workspaces", json=body)

    def create_from_archive(self, name: str, archive: Path) -> Workspace:
        """Make a workspace of the files in an archive, which is sent in pieces."""
        import httpx  # noqa: PLC0415 see __init__

        def pieces() -> Iterator[bytes]:
            with archive.open("rb") as file:
                while piece := file.read(_CHUNK):
                    yield piece

        parameters = {"name": name, "filename": archive.name}
        headers = {"Content-Type": "application/octet-stream"}
        # The answer comes when all is unpacked.
        timeout = httpx.Timeout(30, read=None)
        return self._ask(
            Workspace,
            "POST",
            "/workspaces/from-archive",
            params=parameters,
            headers=headers,
            content=pieces(),
            timeout=timeout,
        )

    def start(self, workspace: str) -> Workspace:
        return self._ask(Workspace, "POST", f"/workspaces/{quote(workspace)}/start")

    def stop(self, workspace: str) -> Workspace:
        return self._ask(Workspace, "POST", f"/workspaces/{quote(workspace)}/stop")

    def delete(self, workspace: str, confirm: str) -> None:
        """Delete a workspace with everything in it. `confirm` is its name."""
        self._send("DELETE", f"/workspaces/{quote(workspace)}", json={"confirm": confirm})

    def log(self, workspace: str, after: int = 0) -> tuple[str, int]:
        """The workspace's log from byte `after` on, and where to go on from."""
        answer = self._send("GET", f"/workspaces/{quote(workspace)}/log", params={"after": after})
        return answer.text, int(answer.headers.get("coterie-log-end", after + len(answer.content)))

    def members(self, workspace: str) -> list[Member]:
        return self._ask(list[Member], "GET", f"/workspaces/{quote(workspace)}/members")

    def add_member(self, workspace: str, username: str) -> Member:
        return self._ask(Member, "POST", f"/workspaces/{quote(workspace)}/members", json={"username": username})

    def address(self, workspace: str) -> str:
        """The page of a workspace."""
        return f"{self.url}/w/{quote(workspace)}"

    def events(self) -> Iterator[Event]:
        """What changes, as it changes, from a snapshot on; ends when the hub does."""
        import httpx  # noqa: PLC0415 see __init__

        try:
            with self._http.stream(
                "GET", "/events", headers={"Accept": "text/event-stream"}, timeout=httpx.Timeout(30, read=_SILENCE)
            ) as answer:
                if answer.is_error:
                    answer.read()
                    raise _error(answer)
                for line in answer.iter_lines():
                    if line.startswith("data:"):
                        yield msgspec.json.decode(line[5:], type=Event)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from None

    # --- how ---

    def _ask(self, kind: type[_T], method: str, path: str, **options: Any) -> _T:
        answer = self._send(method, path, **options)
        try:
            return msgspec.json.decode(answer.content, type=kind)
        except msgspec.MsgspecError as error:
            sentence = f"{self.url} answered something else than a Coterie does. Check the address and the versions."
            raise CoterieError(ErrorCode.UNAVAILABLE, sentence, repr(error)) from None

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        import httpx  # noqa: PLC0415 see __init__

        try:
            answer = self._http.request(method, path, **options)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._unreachable(error) from None
        if answer.is_error:
            raise _error(answer)
        return answer

    def _unreachable(self, error: Exception) -> CoterieError:
        sentence = f"{self.url} does not answer. Check the address and that the hub runs."
        return CoterieError(ErrorCode.UNAVAILABLE, sentence, repr(error))


class _Failure(msgspec.Struct):
    code: ErrorCode
    sentence: str
    fields: dict[str, str] | None = None


def _error(answer: httpx.Response) -> CoterieError:
    try:
        failure = msgspec.json.decode(answer.content, type=_Failure)
    except msgspec.MsgspecError:
        sentence = (
            f"{answer.url.host} answered with status {answer.status_code}. Check that this is a Coterie's address."
        )
        return CoterieError(ErrorCode.UNAVAILABLE, sentence, answer.text[:500])
    told = " ".join([failure.sentence, *(f"{name}: {what}" for name, what in (failure.fields or {}).items())])
    return CoterieError(failure.code, told, f"status {answer.status_code}")
