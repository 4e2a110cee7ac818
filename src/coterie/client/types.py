"""What the hub's HTTP API answers with, as types; the names are the OpenAPI document's."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeAlias

import msgspec

from coterie.wire.capabilities import Capability, Role


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody, as others see them. `colour` is an index into the colours that pages know."""

    id: str
    username: str
    display_name: str
    colour: int


class Me(Person, frozen=True, kw_only=True):
    """The caller."""

    email: str
    """Used as the git author's address in terminals; empty when not given."""
    administrator: bool


class AdministeredUser(Me, frozen=True, kw_only=True):
    """An account as administrators see it."""

    disabled: bool
    created: datetime
    last_seen: datetime | None


class SetupState(msgspec.Struct, frozen=True, kw_only=True):
    """What is known before anyone is signed in."""

    needed: bool
    """No administrator exists."""
    registration: bool
    """Anyone may make an account without an invitation."""


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A personal access token, without its secret. `prefix` is how its owner recognises it."""

    id: str
    name: str
    prefix: str
    created: datetime
    last_used: datetime | None
    expires: datetime | None


class CreatedToken(Token, frozen=True, kw_only=True):
    """A new token. `token`, its secret, is told this once only."""

    token: str


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """A link that lets people make an account, without its secret."""

    id: str
    note: str
    created: datetime
    expires: datetime
    uses_left: int
    created_by: Person | None


class CreatedInvitation(Invitation, frozen=True, kw_only=True):
    """A new invitation. `token` and `link`, the page that has it, are told this once only."""

    token: str
    link: str


class InvitationFound(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody who was invited may know. `invited_by` is a display name."""

    invited_by: str
    expires: datetime


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


Layout: TypeAlias = dict[str, Any]
"""The web app's arrangement of panes in one workspace: its own, at most 256 kB as JSON."""


class Unpacked(msgspec.Struct, frozen=True, kw_only=True):
    """How many files and folders an archive had."""

    files: int


class PortAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Where a web port is; whoever opens `url` is asked to sign in."""

    url: str


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that somebody did."""

    id: int
    at: datetime
    actor: str
    """Username; empty for something the hub did by itself or somebody unknown."""
    action: str
    workspace: str | None
    target: str
    """On whom or what: a username, a name."""
    address: str
    """The network address it came from."""
    detail: str


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


Event: TypeAlias = SnapshotEvent | WorkspaceEvent | GoneEvent | MeEvent
