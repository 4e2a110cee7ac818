"""The way from the hub's origin to a web port's."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import Path, Query, Request
from fastapi.responses import RedirectResponse, Response

from coterie.hub.api.routing import Caller, Router, TheHub
from coterie.hub.api.schemas import Output
from coterie.hub.ports import address
from coterie.hub.ports.address import Place
from coterie.hub.ports.passes import Passes
from coterie.hub.ports.proxy import ENTER, own_path
from coterie.wire.capabilities import Capability
from coterie.wire.errors import ErrorCode

router = Router("ports")

APort = Annotated[int, Path(ge=1, le=65535)]


class PortAddress(Output):
    """Where a web port is."""

    url: str
    """Good for everyone who may open the workspace's ports; whoever opens it is asked to sign in."""


@router.route("GET", "/workspaces/{id}/ports/{port}", Capability.PORT_OPEN, ErrorCode.UNAVAILABLE)
async def port_address(*, id: str, port: APort, hub: TheHub) -> PortAddress:  # noqa: A002 the path's name
    """The address of a web port, to be given to others."""
    return PortAddress(url=f"{address.origin(Place(port, id), hub.settings)}/")


@router.route(
    "GET",
    "/workspaces/{id}/ports/{port}/open",
    Capability.PORT_OPEN,
    ErrorCode.UNAVAILABLE,
    response_class=Response,
    status_code=303,
    responses={303: {"description": "To the port's own origin, with a code that is good once."}},
)
async def open_port(
    *,
    id: str,  # noqa: A002
    port: APort,
    request: Request,
    caller: Caller,
    hub: TheHub,
    to: Annotated[str, Query(description="Path on the port's origin.", max_length=8192)] = "/",
) -> Response:
    """Go to a web port, known there as who is signed in here."""
    passes: Passes = request.app.state.passes
    place = Place(port, id)
    code = passes.code(place, caller.user, caller.login)
    target = f"{address.origin(place, hub.settings)}{ENTER}?code={code}&to={quote(own_path(to), safe='')}"
    return RedirectResponse(target, 303)
