"""What machines ask about the hub: is it alive, is it ready, how is it doing."""

from __future__ import annotations

import ipaddress
import logging

from fastapi import Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import func, select

from coterie.hub import metrics
from coterie.hub.api import schemas
from coterie.hub.api.routing import Need, Router, TheHub, get_hub
from coterie.hub.db.tables import Workspace
from coterie.hub.states import WorkspaceState
from coterie.wire.errors import CoterieError, ErrorCode

router = Router("probes", prefix="")
logger = logging.getLogger(__name__)


@router.route("GET", "/healthz", Need.PUBLIC)
async def get_health() -> schemas.Health:
    """The process answers."""
    return schemas.Health(ok=True)


@router.route("GET", "/readyz", Need.PUBLIC, responses={503: {"model": schemas.Health}})
async def get_readiness(hub: TheHub, response: Response) -> schemas.Health:
    """The hub can do its work: its database answers."""
    try:
        await hub.database.ping()
    except Exception as error:
        logger.warning("not ready", extra={"detail": repr(error)})
        response.status_code = 503
        return schemas.Health(ok=False, sentence="The database does not answer.")
    return schemas.Health(ok=True)


@router.route(
    "GET",
    "/metrics",
    Need.PUBLIC,
    ErrorCode.FORBIDDEN,
    ErrorCode.NOT_FOUND,
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def get_metrics(request: Request, hub: TheHub) -> Response:
    """Figures for Prometheus. Who may read them is the setting COTERIE_METRICS."""
    await _check_reader(request)
    metrics.LISTENERS.set(len(hub.bus))
    async with hub.database.read() as session:
        rows = await session.execute(
            select(Workspace.state, func.count()).where(Workspace.deleting.is_(False)).group_by(Workspace.state)
        )
        counts = {row[0]: row[1] for row in rows}
    for state in WorkspaceState:
        metrics.WORKSPACES.labels(state).set(counts.get(state, 0))
    return Response(generate_latest(metrics.REGISTRY), media_type=CONTENT_TYPE_LATEST)


async def _check_reader(request: Request) -> None:
    hub = get_hub(request)
    if hub.settings.metrics == "off":
        raise CoterieError(ErrorCode.NOT_FOUND, "Metrics are switched off.")
    if hub.settings.metrics == "open" or _local(request):
        return
    try:
        if (await hub.authenticate(request.headers)).administrator:
            return
    except CoterieError:
        pass
    raise CoterieError(ErrorCode.FORBIDDEN, "Metrics are for this machine and for administrators' tokens.")


def _local(request: Request) -> bool:
    """Whether this machine itself asks, and not through a proxy whose forwarding was not believed."""
    try:
        local = request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
    return local and "x-forwarded-for" not in request.headers
