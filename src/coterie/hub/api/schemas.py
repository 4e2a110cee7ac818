"""What the hub's HTTP API takes and gives, as types; OpenAPI and both clients are generated from these.

Everything lies under `/api/v1`. A caller is known by the cookie `coterie_session` (over HTTPS `__Host-coterie_session`)
or by `Authorization: Bearer TOKEN`. Every error is a `Failure`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from coterie.hub.states import WorkspaceState
from coterie.wire.capabilities import Capability, Role
from coterie.wire.errors import ErrorCode

Username = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,38}$")]
"""1 to 39 characters: small letters, digits and hyphens, a letter first; it stands in URLs and in git authors."""

LINE = r"^[^\x00-\x1f\x7f]*$"
"""Text without control characters: it stands in one line, and PostgreSQL refuses NUL."""

DisplayName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80, pattern=LINE)]
Password = Annotated[str, StringConstraints(min_length=8, max_length=1024)]
"""At least 8 characters and no rule about their kind (NIST SP 800-63B, 5.1.1.2)."""
Email = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^$|^[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+$")
]
WorkspaceName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80, pattern=LINE)]
WrittenName = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, max_length=80, pattern=LINE)]
"""A username as somebody types it: capitals are forgiven."""
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=LINE)]
Secret = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=LINE)]
COLOURS = 12
"""How many colours the pages know; a person's `colour` is an index below it."""


class Input(BaseModel):
    """A body a caller sends: an unknown field is an error rather than silently nothing."""

    model_config = ConfigDict(extra="forbid")


class Output(BaseModel):
    """A body the hub answers with."""

    model_config = ConfigDict(from_attributes=True)


class Failure(Output):
    """The body of every answer with a 4xx or 5xx status."""

    code: ErrorCode
    sentence: str
    """What happened and what to do, for the person."""
    fields: dict[str, str] | None = None
    """For `invalid`: a sentence per field of the body that is not right."""


# --- accounts ---------------------------------------------------------------------------------------------------


class Person(Output):
    """Somebody, as others see them."""

    id: str
    username: str
    display_name: str
    colour: int


class Me(Person):
    """The caller."""

    email: str
    """Used as the git author's address in terminals; empty when not given."""
    administrator: bool


class SetupState(Output):
    """What a page needs to know before anyone is signed in."""

    needed: bool
    """No administrator exists: the page asks for the printed one-time link."""
    registration: bool
    """Anyone may make an account without an invitation."""


class NewAccount(Input):
    """Who somebody wants to be."""

    username: Username
    display_name: DisplayName
    password: Password


class Setup(NewAccount):
    """The first administrator, by the one-time token that the hub printed (`/setup#TOKEN`)."""

    token: Secret


class Registration(NewAccount):
    """A new account, by an invitation's token (`/join#TOKEN`), or without one where registration is open."""

    token: Secret | None = None


class SignIn(Input):
    """Username and password."""

    username: WrittenName
    password: Annotated[str, StringConstraints(max_length=1024)]


class MeChange(Input):
    """What of oneself to change; what is left out stays."""

    display_name: DisplayName | None = None
    email: Email | None = None
    colour: Annotated[int, Field(ge=0, lt=COLOURS)] | None = None


class PasswordChange(Input):
    """A new password; every other login of this person ends."""

    current: Annotated[str, StringConstraints(max_length=1024)]
    new: Password


class Token(Output):
    """A personal access token, without its secret."""

    id: str
    name: str
    prefix: str
    """Its first characters, by which its owner recognises it."""
    created: datetime
    last_used: datetime | None
    expires: datetime | None


class NewToken(Input):
    """A token to make. `days` until it expires; None: never."""

    name: DisplayName
    days: Annotated[int, Field(ge=1, le=3650)] | None = None


class CreatedToken(Token):
    """A new token. `token` is shown this once only."""

    token: str


class Invitation(Output):
    """A link that lets people make an account, without its secret."""

    id: str
    note: str
    created: datetime
    expires: datetime
    uses_left: int
    created_by: Person | None


class NewInvitation(Input):
    """An invitation to make."""

    note: Note = ""
    days: Annotated[int, Field(ge=1, le=365)] = 7
    uses: Annotated[int, Field(ge=1, le=1000)] = 1


class CreatedInvitation(Invitation):
    """A new invitation. `token` and `link` are shown this once only."""

    token: str
    link: str
    """`PUBLIC_URL/join#TOKEN`."""


class InvitationLookUp(Input):
    """The token of an invitation; in a body, so that no log of addresses holds it."""

    token: Secret


class InvitationFound(Output):
    """What the page says to somebody who was invited."""

    invited_by: str
    """Display name."""
    expires: datetime


class AdministeredUser(Me):
    """An account as administrators see it."""

    disabled: bool
    created: datetime
    last_seen: datetime | None


class UserChange(Input):
    """What of an account to change; what is left out stays."""

    disabled: bool | None = None
    administrator: bool | None = None


class NewPassword(Input):
    """A password an administrator gives to somebody; all of that person's logins end."""

    password: Password


# --- workspaces -------------------------------------------------------------------------------------------------


class BlankSource(Output):
    """An empty workspace."""

    kind: Literal["blank"] = "blank"


class GitSource(Output):
    """A clone of a repository; `branch` empty: its default branch."""

    kind: Literal["git"] = "git"
    url: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000, pattern=LINE)]
    branch: Annotated[str, StringConstraints(strip_whitespace=True, max_length=250, pattern=LINE)] = ""


class ArchiveSource(Output):
    """The files of an uploaded archive."""

    kind: Literal["archive"] = "archive"
    filename: str = ""


Source = Annotated[BlankSource | GitSource | ArchiveSource, Field(discriminator="kind")]


class NewWorkspace(Input):
    """A workspace to make. It is started at once."""

    name: WorkspaceName
    source: Annotated[BlankSource | GitSource, Field(discriminator="kind")] = BlankSource()


class Workspace(Output):
    """A workspace as the caller sees it."""

    id: str
    name: str
    owner: Person
    state: WorkspaceState
    reason: str
    """Why it is `failed`, or why it stopped, in a sentence; else empty."""
    progress: str
    """What is being done while `starting` or `stopping`: "Cloning …"; else empty."""
    role: Role
    """The strongest role the caller holds."""
    capabilities: list[Capability]
    """What the caller may do here."""
    created: datetime
    source: Source


class DeleteWorkspace(Input):
    """`confirm` is the workspace's name, typed."""

    confirm: str


class Member(Output):
    """Somebody who holds a role on a workspace."""

    user: Person
    role: Role
    since: datetime


class NewMember(Input):
    """Whom to let in."""

    username: WrittenName


Layout = dict[str, Any]
"""The caller's arrangement of panes in one workspace: the web app's own, at most 256 kB as JSON."""


# --- events -----------------------------------------------------------------------------------------------------


class SnapshotEvent(Output):
    """First on every connection: everything the caller sees. It replaces what the page had."""

    type: Literal["snapshot"] = "snapshot"
    me: Me
    workspaces: list[Workspace]


class WorkspaceEvent(Output):
    """A workspace appeared or changed."""

    type: Literal["workspace"] = "workspace"
    workspace: Workspace


class GoneEvent(Output):
    """A workspace was deleted, or is no longer shared with the caller."""

    type: Literal["gone"] = "gone"
    id: str


class MeEvent(Output):
    """The caller's own account changed."""

    type: Literal["me"] = "me"
    me: Me


Event = Annotated[SnapshotEvent | WorkspaceEvent | GoneEvent | MeEvent, Field(discriminator="type")]
"""The `data` of one server-sent event (all unnamed, so `onmessage`)."""


class AuditEntry(Output):
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


class Health(Output):
    """Whether the hub works; `sentence` says what does not."""

    ok: bool
    sentence: str = ""
