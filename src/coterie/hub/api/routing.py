"""Routes that say who may use them: each names one capability or one `Need`, and that is enforced before it runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, FastAPI, Path, Request
from fastapi.params import Depends as Dependency
from fastapi.routing import APIRoute

from coterie.hub import access, footprint
from coterie.hub.audit import Actor
from coterie.hub.core import Hub
from coterie.hub.identity import Identity
from coterie.wire.capabilities import Capability, Role
from coterie.wire.errors import CoterieError, ErrorCode
from coterie.wire.ids import ID_LENGTH, is_id

footprint.spare()


class Need(StrEnum):
    """Who may use a route that is not about one workspace."""

    PUBLIC = "public"
    SIGNED_IN = "signed-in"
    ADMINISTRATOR = "administrator"


F = TypeVar("F", bound=Callable[..., Any])
Needs = Need | Capability
FAILURE = {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}}
MARK = "x-needs"
"""In the OpenAPI document: what the route needs."""

_REASONS = {
    401: "Signed out, or a wrong password.",
    403: "Not permitted, or sent by a page of another origin.",
    404: "Not there, or not known to the caller.",
    409: "The present state does not allow it, or the name is taken.",
    410: "Expired or used up.",
    413: "Too big.",
    422: "A field is not right; `fields` says which.",
    429: "Too many tries, or a limit is reached.",
    503: "Not available at the moment.",
    507: "The disk is full.",
}


def get_hub(request: Request) -> Hub:
    """The hub this application serves."""
    hub: Hub = request.app.state.hub
    return hub


async def get_caller(request: Request) -> Identity:
    """Who is calling. Raises CoterieError(SIGNED_OUT)."""
    caller: Identity = await get_hub(request).authenticate(request.headers)
    request.state.caller = caller
    return caller


ID_PATTERN = f"^[a-z2-9]{{{ID_LENGTH}}}$"
AnId = Annotated[str, Path(pattern=ID_PATTERN)]
"""An identifier in the path. Workspaces' own is checked by their capability instead: a wrong one is just not there."""

TheHub = Annotated[Hub, Depends(get_hub)]
Caller = Annotated[Identity, Depends(get_caller)]


def actor(request: Request, caller: Identity | None = None, username: str = "") -> Actor:
    """Whom the audit log names for this request."""
    address = request.client.host if request.client else ""
    if caller is None:
        return Actor(username=username, address=address)
    return Actor(caller.user, caller.username, address)


async def get_actor(request: Request, caller: Caller) -> Actor:
    """The caller, as the audit log names them."""
    return actor(request, caller)


Doer = Annotated[Actor, Depends(get_actor)]


async def _administrator(caller: Caller) -> None:
    if not caller.administrator:
        raise CoterieError(ErrorCode.FORBIDDEN, "Only an administrator may do this.")


def _holder(capability: Capability) -> Callable[..., Awaitable[None]]:
    async def holds(id: str, request: Request, caller: Caller, hub: TheHub) -> None:  # noqa: A002 the path's name
        if not is_id(id):
            raise access.not_found()
        async with hub.database.read() as session:
            request.state.role = await access.require(session, caller.user, id, capability)

    return holds


async def get_role(request: Request) -> Role:
    """The caller's role on the workspace in the path, which the route's capability was checked with."""
    role: Role = request.state.role
    return role


TheRole = Annotated[Role, Depends(get_role)]


def _guards(needs: Needs) -> list[Dependency]:
    if isinstance(needs, Capability):
        return [Depends(_holder(needs))]
    return {
        Need.PUBLIC: [],
        Need.SIGNED_IN: [Depends(get_caller)],
        Need.ADMINISTRATOR: [Depends(_administrator)],
    }[needs]


def _statuses(needs: Needs, method: str, errors: tuple[ErrorCode, ...]) -> set[int]:
    statuses = {code.status for code in errors} | {422}
    if needs is not Need.PUBLIC:
        statuses.add(401)
    if needs is Need.ADMINISTRATOR or isinstance(needs, Capability):
        statuses.add(403)
    if method != "GET":
        # Another page's, more than is read at once, no room for it.
        statuses |= {403, 413, 507}
    if isinstance(needs, Capability):
        statuses.add(404)
    return statuses


class Router:
    """Collects the routes of one subject. The function's name is the operation's stable name in OpenAPI."""

    def __init__(self, tag: str, prefix: str = "/api/v1") -> None:
        self.routes = APIRouter(tags=[tag], prefix=prefix, generate_unique_id_function=lambda route: route.name)

    def route(self, method: str, path: str, needs: Needs, *errors: ErrorCode, **options: Any) -> Callable[[F], F]:
        """Add a route. `errors` are those it raises itself; what its needs and its origin check raise is added."""
        if isinstance(needs, Capability) and "{id}" not in path:
            raise RuntimeError(f"{method} {path} names {needs} and no workspace")
        documented: dict[int | str, dict[str, Any]] = {
            status: {"description": _REASONS.get(status, "Not possible."), "content": FAILURE}
            for status in sorted(_statuses(needs, method, errors))
        }
        return self.routes.api_route(
            path,
            methods=[method],
            dependencies=_guards(needs),
            responses={**documented, **options.pop("responses", {})},
            openapi_extra={MARK: str(needs), **options.pop("openapi_extra", {})},
            **options,
        )


def walk(app: FastAPI) -> Iterator[tuple[APIRoute, Needs]]:
    """Yield every route of the application with what it needs.

    Raises RuntimeError for a route that does not say: nothing is served by default.
    """
    for route in app.routes:
        if getattr(route, "path", "") == app.openapi_url:
            continue
        if not isinstance(route, APIRoute):
            raise RuntimeError(f"{route!r} does not say who may use it: add it through a Router")
        mark = (route.openapi_extra or {}).get(MARK)
        if mark is None:
            raise RuntimeError(f"{route.path} does not say who may use it: add it through a Router")
        yield route, Need(mark) if mark in set(Need) else Capability(mark)
