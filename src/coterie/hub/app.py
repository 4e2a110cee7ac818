"""The hub as a web application: every route in one place, around one `Hub`."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from pydantic import TypeAdapter
from starlette.types import Lifespan

from coterie import __version__
from coterie.hub import footprint, pages
from coterie.hub.api import (
    failures,
    live,
    me,
    members,
    people,
    ports,
    probes,
    proxy,
    records,
    routing,
    sessions,
    workspaces,
)
from coterie.hub.api.schemas import Event, Failure
from coterie.hub.audience import Revoker
from coterie.hub.core import Hub
from coterie.hub.guard import Guard
from coterie.hub.identity import COOKIE
from coterie.hub.machines.driver import Driver
from coterie.hub.ports.passes import Passes
from coterie.hub.ports.proxy import PortsFront
from coterie.hub.settings import Settings

if TYPE_CHECKING:
    from coterie.hub.gate.gate import Gate

DESCRIPTION = (
    "Workspaces that people share. Errors are a `Failure`: a stable code and a sentence. "
    "`x-needs` on an operation says who may use it: a capability of the access table, or public, signed-in, "
    "administrator."
)


def create_app(settings: Settings, driver: Driver | None = None, registry: Revoker | None = None) -> FastAPI:
    """Return the application. Raises RuntimeError for a route that does not say who may use it.

    `driver` and `registry` are the settings' own unless given (by tests).
    """
    footprint.tune()
    if driver is None:
        from coterie.hub.machines.registry import make_driver  # noqa: PLC0415 tests do without

        driver = make_driver(settings)
    if registry is None:
        from coterie.hub.gate.registry import Registry  # noqa: PLC0415 tests do without

        registry = Registry()
    the_hub = Hub(settings, driver, registry)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await the_hub.open()
        footprint.settle()
        gate = await _open_gate(the_hub, registry)
        _app.state.gate = gate
        try:
            yield
        finally:
            _app.state.gate = None
            if gate is not None:
                await gate.close()
            await the_hub.close()

    app = bare_app(lifespan=lifespan)
    app.state.hub = the_hub
    app.state.pages = pages.Pages()
    app.state.passes = Passes(the_hub.key, the_hub.database)
    app.add_middleware(Guard, settings=settings)
    app.add_middleware(PortsFront, hub=the_hub, passes=app.state.passes)
    return app


async def _open_gate(the_hub: Hub, registry: Revoker) -> Gate | None:
    """The gate over the registry; None over a test's own, which has no connections."""
    from coterie.hub.gate.gate import Gate  # noqa: PLC0415 it needs the hub, which needs its registry
    from coterie.hub.gate.registry import Registry  # noqa: PLC0415

    if not isinstance(registry, Registry):
        return None
    gate = Gate(the_hub, registry)
    await gate.open()
    return gate


def bare_app(lifespan: Lifespan[FastAPI] | None = None) -> FastAPI:
    """Return the application's routes without a hub behind them: what the OpenAPI document is made from."""
    app = FastAPI(
        title="Coterie",
        version=__version__,
        description=DESCRIPTION,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        separate_input_output_schemas=False,
    )
    subjects = (sessions, me, people, workspaces, members, proxy, ports, live, records, probes)
    for subject in subjects:
        app.router.routes.extend(subject.router.routes.routes)
    # The pages answer for every address that is nothing else, so they come last.
    app.router.routes.extend(pages.router.routes.routes)
    failures.install(app)
    for _ in routing.walk(app):
        pass
    _describe(app)
    return app


def _describe(app: FastAPI) -> None:
    """Complete the OpenAPI document by what the routes' types do not say: the events, and how to sign in."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = plain()
            schemas = document["components"]["schemas"]
            kinds: dict[str, TypeAdapter[Any]] = {"Event": TypeAdapter(Event), "Failure": TypeAdapter(Failure)}
            for name, kind in kinds.items():
                schema = kind.json_schema(ref_template="#/components/schemas/{model}")
                schemas.update(schema.pop("$defs"))
                schemas[name] = schema
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            document["components"]["securitySchemes"] = {
                "cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE},
                "token": {"type": "http", "scheme": "bearer"},
            }
            for path in document["paths"].values():
                for operation in path.values():
                    public = operation[routing.MARK] == routing.Need.PUBLIC
                    operation["security"] = [] if public else [{"cookie": []}, {"token": []}]
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend the document
