"""From rows to what the API shows of them."""

from __future__ import annotations

from pydantic import TypeAdapter

from coterie.hub.api import schemas
from coterie.hub.db.tables import User, Workspace
from coterie.wire.capabilities import ACCESS, Role

_SOURCE: TypeAdapter[schemas.Source] = TypeAdapter(schemas.Source)


def person_view(user: User) -> schemas.Person:
    """Somebody, as others see them."""
    return schemas.Person.model_validate(user)


def me_view(user: User) -> schemas.Me:
    """Somebody, as they see themselves."""
    return schemas.Me.model_validate(user)


def workspace_view(workspace: Workspace, role: Role) -> schemas.Workspace:
    """A workspace, as somebody who holds `role` sees it."""
    return schemas.Workspace(
        id=workspace.id,
        name=workspace.name,
        owner=person_view(workspace.owner),
        state=workspace.state,
        reason=workspace.reason,
        progress=workspace.progress,
        role=role,
        capabilities=sorted(ACCESS[role]),
        created=workspace.created,
        source=_SOURCE.validate_python(workspace.source),
    )
