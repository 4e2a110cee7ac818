"""What one part of the hub tells the others after a commit, in this process and across replicas."""

from __future__ import annotations

import msgspec

from coterie.wire.closing import Closing


class WorkspaceChanged(msgspec.Struct, tag="workspace", frozen=True):
    """A workspace, or who may do what in it, changed; `users` are those whom it concerns or concerned."""

    workspace: str
    users: tuple[str, ...]


class UserChanged(msgspec.Struct, tag="user", frozen=True):
    """An account's own data changed."""

    user: str


class Revoked(msgspec.Struct, tag="revoked", frozen=True):
    """Connections that depended on something that is gone must close: all that match every field that is given."""

    closing: Closing
    user: str | None = None
    workspace: str | None = None
    login: str | None = None


News = WorkspaceChanged | UserChanged | Revoked


class Bulletin(msgspec.Struct, frozen=True):
    """The news of one transaction as it travels between replicas; `origin` is the replica it comes from."""

    origin: str
    news: list[News]
