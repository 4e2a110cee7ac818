"""Runs the hub as one uvicorn process: the listening socket, the gate's protocol, start and end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import logging
import resource
import signal
import socket
import ssl
from collections.abc import Callable, Iterator

from fastapi import FastAPI
from sqlalchemy import select

from coterie.hub import footprint, logs, neighbour
from coterie.hub.actions.accounts import make_setup_link
from coterie.hub.actions.workspaces import do_stop
from coterie.hub.app import create_app
from coterie.hub.core import Hub
from coterie.hub.db.tables import Workspace
from coterie.hub.settings import Settings
from coterie.hub.states import WorkspaceState
from coterie.wire.errors import CoterieError, ErrorCode

with footprint.without("watchfiles"):  # its reloader's
    import uvicorn

Started = Callable[[Settings, str | None], None]
"""Called once the hub accepts connections: with the settings (`port` is the real one) and the set-up link, if any."""

_BACKLOG = 2048
_KEPT = 75
"""Seconds that a connection is kept for its next request: longer than clients and proxies keep theirs (httpx 5, nginx
60), for a request that comes just as the hub closes gets no answer."""

_END_WITHIN = 5
"""Seconds that requests under way get when the hub ends."""

_OPEN_FILES = 65_536
"""Descriptors the hub wants: two for every connection that it keeps an eye on."""

logger = logging.getLogger(__name__)


def run(settings: Settings, started: Started, *, stop_machines: bool = False) -> None:
    """Serve until SIGTERM or SIGINT. Machines go on unless `stop_machines`.

    Raises CoterieError with what a person can do: a port in use, missing bubblewrap, an unusable or newer database.
    """
    logs.configure(settings.log_format, settings.log_level)
    check(settings)
    listener = listen(settings)
    settings = settings.model_copy(update={"port": listener.getsockname()[1]})
    _raise_limit()
    import uvloop  # noqa: PLC0415 only Windows lacks it

    try:
        uvloop.run(_serve(settings, listener, started, stop_machines))
    except CoterieError as error:
        if error.detail:
            logger.error("the hub could not go on: %s", error.detail)
        raise
    finally:
        listener.close()


def check(settings: Settings) -> None:
    """Raise CoterieError(INVALID) for settings that would do harm together, UNAVAILABLE for an unusable directory."""
    if settings.driver == "process" and not _is_loopback(settings.host):
        sentence = (
            "Without isolation (COTERIE_DRIVER=process) everyone who reaches the hub could act as its user, so it only "
            f"listens on this machine's own addresses, not on {settings.host}. Choose --host 127.0.0.1 or the sandbox."
        )
        raise CoterieError(ErrorCode.INVALID, sentence)
    try:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        sentence = f"The data directory {settings.data} cannot be used: {error.strerror}. Choose another with --data."
        raise CoterieError(ErrorCode.UNAVAILABLE, sentence, repr(error)) from None


def listen(settings: Settings) -> socket.socket:
    """Return the listening socket. Raises CoterieError(UNAVAILABLE) that says why it cannot be had."""
    place = f"{settings.host}:{settings.port}"
    try:
        family, kind, _, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # Inherited by every accepted socket: a delayed acknowledgement costs a keystroke 40 ms.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            listener.bind(address)
            listener.listen(_BACKLOG)
        except OSError:
            listener.close()
            raise
    except socket.gaierror as error:
        raise CoterieError(
            ErrorCode.UNAVAILABLE, f"{settings.host} is no address of this machine.", repr(error)
        ) from None
    except OSError as error:
        reasons = {
            errno.EADDRINUSE: f"Port {settings.port} is already in use on {settings.host}. "
            "Choose another with --port, or end the program that uses it.",
            errno.EACCES: f"Only root may listen on port {settings.port}. Choose one above 1023 with --port.",
            errno.EADDRNOTAVAIL: f"{settings.host} is no address of this machine.",
        }
        sentence = reasons.get(error.errno or 0, f"It is not possible to listen on {place}: {error.strerror}.")
        raise CoterieError(ErrorCode.UNAVAILABLE, sentence, repr(error)) from None
    return listener


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _raise_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _serve(settings: Settings, listener: socket.socket, started: Started, stop_machines: bool) -> None:
    app = create_app(settings)
    hub: Hub = app.state.hub
    await hub.driver.prepare()
    async with app.router.lifespan_context(app):
        link = await make_setup_link(hub.transactions, settings.address)
        ear = await neighbour.listen(settings.data, hub.audience.deliver)
        server = _Server(_configuration(app, settings), hub, lambda: started(settings, link))
        try:
            await server.serve(sockets=[listener])
            if stop_machines:
                await _stop_machines(hub)
        finally:
            ear.close()


def _configuration(app: FastAPI, settings: Settings) -> uvicorn.Config:
    from coterie.hub.gate.door import protocols  # noqa: PLC0415 it loads uvicorn, which is done above

    config = uvicorn.Config(
        app,
        **protocols(app),
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
        timeout_keep_alive=_KEPT,
        timeout_graceful_shutdown=_END_WITHIN,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        sentence = f"The certificate {settings.tls_cert} or its key {settings.tls_key} cannot be used: {error}."
        raise CoterieError(ErrorCode.UNAVAILABLE, sentence, repr(error)) from None
    return config


class _Server(uvicorn.Server):
    """uvicorn's server, which ends normally on a signal and lets go of listeners that would wait forever."""

    def __init__(self, config: uvicorn.Config, hub: Hub, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._hub = hub
        self._announce = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._announce()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._hub.bus.end()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._asked_to_end, number)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    def _asked_to_end(self, number: int) -> None:
        if self.should_exit:
            self.force_exit = True
        self.should_exit = True


async def _stop_machines(hub: Hub) -> None:
    """Stop every machine and wait until all have saved and ended."""
    going = (WorkspaceState.RUNNING, WorkspaceState.STARTING)
    async with hub.database.read() as session:
        ids = list((await session.execute(select(Workspace.id).where(Workspace.state.in_(going)))).scalars())
    for workspace in ids:
        with contextlib.suppress(CoterieError):
            async with hub.write() as transaction:
                await do_stop(transaction, hub, workspace)
    await asyncio.gather(*(hub.lifecycle.settled(workspace) for workspace in ids))
    logger.info("stopped %d machines", len(ids))
