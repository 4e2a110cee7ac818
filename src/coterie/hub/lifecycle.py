"""Moves workspaces between their states: fills, starts, watches, restarts, stops and deletes their machines.

One task at most works on a workspace. Every change of state is a compare-and-set on the state it was seen in, so that
replicas and restarts never act on one that somebody else has moved on.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, select, update
from sqlalchemy.engine import CursorResult

from coterie.hub import metrics
from coterie.hub.audit import THE_HUB
from coterie.hub.db.tables import Workspace
from coterie.hub.keys import public_bytes
from coterie.hub.machines.driver import Driver, Limits, MachineSpec, MachineState, MachineStatus
from coterie.hub.settings import Settings
from coterie.hub.states import WorkspaceState
from coterie.hub.transactions import Transaction, Transactions
from coterie.hub.worklog import WorkspaceLog
from coterie.wire.closing import Closing
from coterie.wire.errors import CoterieError, ErrorCode

S = WorkspaceState
RESTARTS = 3
RESTARTS_WITHIN = 300.0
"""A machine that ends by itself is restarted at most `RESTARTS` times in this many seconds."""

FIRST_PAUSE = 0.25
"""Seconds before the first restart; doubled for each further one."""

WATCH_RETRY = 1.0
"""Seconds before a driver that failed to wait for a machine is asked again."""

ROOM_RETRY = 1.0
"""Seconds until what has happened to a workspace is written down again after the database had no room."""

TELL_EVERY = 0.5
"""Seconds between two tellings of how far a clone has come."""

INTERNAL = "Something in Coterie failed. Try again; if it stays, the administrator finds the cause in the hub's log."
INTERRUPTED = "The upload was interrupted. Delete this workspace and upload the archive again."
ENDED_UNSEEN = "The machine ended while Coterie was not running. Start it again; its files are as they were."

logger = logging.getLogger(__name__)


class Lifecycle:
    """The tasks that work on workspaces, and the watches on running machines."""

    def __init__(self, settings: Settings, driver: Driver, key: Ed25519PrivateKey, transactions: Transactions) -> None:
        self._settings = settings
        self._driver = driver
        self._key = key
        self._transactions = transactions
        self._database = transactions.database
        self._moves: dict[str, asyncio.Task[None]] = {}
        self._starting: set[asyncio.Task[None]] = set()
        """Those of the moves that start a workspace."""
        self._watches: dict[str, asyncio.Task[None]] = {}
        self._ends: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=RESTARTS))
        self._addresses: dict[str, str] = {}
        """Clone addresses with the credentials that people typed into them: kept here only, and only until used."""

    async def open(self) -> None:
        """Adopt what an earlier hub left: running machines are watched, what was under way is gone on with."""
        async with self._database.read() as session:
            rows = (await session.execute(select(Workspace))).scalars().all()
        for row in rows:
            if row.deleting:
                self.delete(row.id)
            elif row.state is S.STARTING:
                self.start(row.id)
            elif row.state is S.STOPPING:
                self.stop(row.id)
            elif row.state is S.RUNNING:
                await self._adopt(row.id)

    async def close(self) -> None:
        """Stop working on anything; machines are left as they are."""
        tasks = [*self._moves.values(), *self._watches.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def start(self, workspace: str, address: str = "") -> None:
        """Begin to start a workspace whose state is `starting`; `address` to clone from, credentials and all."""
        if address:
            self._addresses[workspace] = address
        task = self._move(workspace, self._start)
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)

    def stop(self, workspace: str) -> None:
        """Begin to stop a workspace whose state is `stopping`, giving up starting it."""
        self._move(workspace, self._stop)

    def delete(self, workspace: str) -> asyncio.Task[None]:
        """Begin to remove a workspace that is marked as `deleting`; the task ends once nothing of it is left."""
        return self._move(workspace, self._delete)

    async def delete_now(self, workspace: str) -> None:
        """As `delete`, and wait for it; a caller who gives up does not interrupt it."""
        await asyncio.shield(self.delete(workspace))

    async def settled(self, workspace: str) -> None:
        """Wait until no task works on the workspace."""
        while task := self._moves.get(workspace):
            await asyncio.wait([task])

    async def heard(self, workspace: str) -> None:
        """Follow what another replica did: watch what it started, give up starting what it stopped."""
        state = await self._state(workspace)
        if state is S.RUNNING and workspace not in self._watches and workspace not in self._moves:
            self._watch(workspace)
            return
        task = self._moves.get(workspace)
        if task is not None and task in self._starting and state is not S.STARTING:
            task.cancel()

    # --- tasks --------------------------------------------------------------------------------------------------

    def _move(self, workspace: str, work: Callable[[str], Awaitable[None]]) -> asyncio.Task[None]:
        before = self._moves.get(workspace)

        async def run() -> None:
            try:
                if before is not None and not before.done():
                    before.cancel()
                    await asyncio.wait([before])
                async with self._database.claim(workspace):
                    await work(workspace)
            finally:
                if self._moves.get(workspace) is asyncio.current_task():
                    del self._moves[workspace]

        task = asyncio.create_task(run(), name=f"workspace {workspace}")
        # What went wrong was logged where it did; not every move is waited for.
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._moves[workspace] = task
        return task

    async def _start(self, workspace: str) -> None:
        log = WorkspaceLog(self._settings.workspaces, workspace)
        began = time.monotonic()
        try:
            async with self._database.read() as session:
                row = await session.get(Workspace, workspace)
            if row is None or row.state is not S.STARTING:
                return
            if not row.filled:
                await self._fill(row)
            await self._progress(workspace, "Starting the machine")
            log("Starting the machine")
            async with asyncio.timeout(self._settings.start_timeout):
                await self._driver.start(self._spec(row), log)
        except CoterieError as error:
            await self._failed(workspace, log, error.sentence, error.detail)
        except TimeoutError:
            seconds = round(self._settings.start_timeout)
            await self._failed(workspace, log, f"The machine did not come up within {seconds} seconds. Start it again.")
        except Exception:
            logger.exception("a workspace could not be started", extra={"workspace": workspace})
            await self._failed(workspace, log, INTERNAL)
        else:
            took = time.monotonic() - began
            if await self._set(workspace, S.STARTING, S.RUNNING):
                metrics.STARTS.labels("running").inc()
                metrics.START_SECONDS.observe(took)
                log(f"Running after {took:.2f} s")
                self._watch(workspace)

    async def _failed(self, workspace: str, log: WorkspaceLog, sentence: str, detail: str = "") -> None:
        metrics.STARTS.labels("failed").inc()
        log(f"Failed: {sentence}")
        logger.warning("a workspace failed to start", extra={"workspace": workspace, "detail": f"{sentence} {detail}"})
        with contextlib.suppress(CoterieError):
            await self._driver.stop(workspace, 0)
        await self._set(workspace, S.STARTING, S.FAILED, reason=sentence)

    async def _fill(self, row: Workspace) -> None:
        """Put the first files in place. What an interrupted earlier try left is removed first."""
        if row.source["kind"] == "archive":
            raise CoterieError(ErrorCode.ARCHIVE_UNREADABLE, INTERRUPTED)
        await self._driver.delete(row.id)
        into = await self._driver.create(row.id)
        log = WorkspaceLog(self._settings.workspaces, row.id)
        if row.source["kind"] == "git":
            from coterie.hub.sources.git import CloneLimits, clone  # noqa: PLC0415 loaded by the first clone

            await self._progress(row.id, f"Cloning {row.source['url']}")
            address = self._addresses.get(row.id, row.source["url"])
            settings = self._settings
            async with self._telling(row.id) as tell:

                def heard(line: str) -> None:
                    log(line)
                    tell(line)

                await clone(
                    address,
                    row.source["branch"] or None,
                    into,
                    heard,
                    allow_local=settings.git_allow_local,
                    limits=CloneLimits(seconds=settings.git_timeout),
                )
            self._addresses.pop(row.id, None)
        await self.filled(row.id)

    async def filled(self, workspace: str) -> None:
        """Note that the workspace's first files are in place."""
        async with self._database.write() as session:
            await session.execute(update(Workspace).where(Workspace.id == workspace).values(filled=True))

    async def _stop(self, workspace: str) -> None:
        self._unwatch(workspace)
        if await self._state(workspace) is not S.STOPPING:
            return
        log = WorkspaceLog(self._settings.workspaces, workspace)
        log("Stopping")
        try:
            await self._driver.stop(workspace, self._settings.stop_grace)
        except CoterieError as error:
            log(f"Failed: {error.sentence}")
            await self._set(workspace, S.STOPPING, S.FAILED, reason=error.sentence)
        except Exception:
            logger.exception("a workspace could not be stopped", extra={"workspace": workspace})
            await self._set(workspace, S.STOPPING, S.FAILED, reason=INTERNAL)
        else:
            log("Stopped")
            await self._set(workspace, S.STOPPING, S.STOPPED)

    async def _delete(self, workspace: str) -> None:
        self._unwatch(workspace)
        self._ends.pop(workspace, None)
        self._addresses.pop(workspace, None)
        try:
            await self._driver.delete(workspace)
        except Exception:
            # The row stays, marked: the next start of the hub tries again.
            logger.exception("a workspace could not be removed from disk", extra={"workspace": workspace})
            raise
        async with self._database.write() as session:
            await session.execute(delete(Workspace).where(Workspace.id == workspace))

    # --- running machines ---------------------------------------------------------------------------------------

    async def _adopt(self, workspace: str) -> None:
        try:
            status = await self._driver.poll(workspace)
        except CoterieError as error:
            status = MachineStatus(MachineState.FAILED, error.sentence)
        if status.state is MachineState.RUNNING:
            self._watch(workspace)
        elif status.state is MachineState.FAILED:
            await self._ended(workspace, status)
        else:
            await self._set(workspace, S.RUNNING, S.STOPPED, reason=ENDED_UNSEEN)

    def _watch(self, workspace: str) -> None:
        self._unwatch(workspace)
        self._watches[workspace] = asyncio.create_task(self._wait(workspace), name=f"watch {workspace}")

    def _unwatch(self, workspace: str) -> None:
        task = self._watches.pop(workspace, None)
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    async def _wait(self, workspace: str) -> None:
        while True:
            try:
                status = await self._driver.wait(workspace)
                break
            except Exception:
                logger.exception("a machine cannot be watched", extra={"workspace": workspace})
                await asyncio.sleep(WATCH_RETRY)
        await self._ended(workspace, status)

    async def _ended(self, workspace: str, status: MachineStatus) -> None:
        """A machine ended by itself: say so, and restart it unless that keeps happening."""
        log = WorkspaceLog(self._settings.workspaces, workspace)
        if status.state is not MachineState.FAILED:
            log("The machine ended")
            await self._set(workspace, S.RUNNING, S.STOPPED, reason="The machine ended by itself.")
            return
        ends = self._ends[workspace]
        now = time.monotonic()
        recent = sum(now - at < RESTARTS_WITHIN for at in ends)
        again = recent < RESTARTS
        reason = status.reason or "The machine ended by itself."
        tail = " It is being restarted." if again else f" It was restarted {RESTARTS} times; start it again yourself."
        log(f"{reason}{tail}")
        metrics.ENDS.inc()
        # Pages come back by themselves to a machine that is about to run again.
        closing = Closing.UNREACHABLE if again else Closing.NOT_RUNNING
        if not await self._set(workspace, S.RUNNING, S.FAILED, reason + tail, closing) or not again:
            return
        ends.append(now)
        await asyncio.sleep(FIRST_PAUSE * 2**recent)
        if await self._set(workspace, S.FAILED, S.STARTING):
            self.start(workspace)

    # --- state --------------------------------------------------------------------------------------------------

    def _spec(self, row: Workspace) -> MachineSpec:
        settings = self._settings
        return MachineSpec(
            workspace=row.id,
            name=row.name,
            hub_key=public_bytes(self._key),
            limits=Limits(settings.workspace_memory, settings.workspace_processes, settings.workspace_open_files),
            terminal_keep=settings.terminal_keep,
        )

    async def _state(self, workspace: str) -> S | None:
        async with self._database.read() as session:
            found = await session.execute(select(Workspace.state).where(Workspace.id == workspace))
            return found.scalar_one_or_none()

    async def _progress(self, workspace: str, text: str) -> None:
        async with self._transactions.write() as transaction:
            await transaction.session.execute(
                update(Workspace).where(Workspace.id == workspace, Workspace.state == S.STARTING).values(progress=text)
            )
            await transaction.workspace_changed(workspace)

    @contextlib.asynccontextmanager
    async def _telling(self, workspace: str) -> AsyncIterator[Callable[[str], None]]:
        """Give a function whose latest line is shown as progress, twice a second at most while the block lasts."""
        latest = ""
        ended = asyncio.Event()

        def tell(line: str) -> None:
            nonlocal latest
            latest = line

        async def telling() -> None:
            shown = ""
            while not ended.is_set():
                if latest != shown:
                    shown = latest
                    # What cannot be shown, for want of room in the database, is no reason to give up.
                    with contextlib.suppress(CoterieError):
                        await self._progress(workspace, shown)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(TELL_EVERY):
                        await ended.wait()

        task = asyncio.create_task(telling(), name=f"progress of {workspace}")
        try:
            yield tell
        finally:
            ended.set()
            await asyncio.gather(task, return_exceptions=True)

    async def _set(
        self, workspace: str, old: S, new: S, reason: str = "", closing: Closing = Closing.NOT_RUNNING
    ) -> bool:
        """Move `old` → `new`; False when the workspace was not in `old`. `closing`: for connections to what ended.

        What has happened has happened: while the database has no room to say so, this waits for room.
        """
        while True:
            try:
                async with self._transactions.write(THE_HUB) as transaction:
                    if not await move(transaction, workspace, (old,), new, reason=reason):
                        return False
                    transaction.audit(f"workspace.{new}", workspace=workspace, detail=reason)
                    if new in (S.STOPPED, S.FAILED):
                        transaction.revoke(closing, workspace=workspace)
                return True
            except CoterieError as error:
                if error.code is not ErrorCode.DISK_FULL:
                    raise
                logger.error("the database has no room", extra={"workspace": workspace, "detail": error.detail})
                await asyncio.sleep(ROOM_RETRY)


async def move(
    transaction: Transaction,
    workspace: str,
    old: tuple[S, ...],
    new: S,
    *,
    reason: str = "",
    progress: str = "",
) -> bool:
    """Compare and set a workspace's state in this transaction; False when it was in none of `old`."""
    changed = await transaction.session.execute(
        update(Workspace)
        .where(Workspace.id == workspace, Workspace.state.in_(old), Workspace.deleting.is_(False))
        .values(state=new, reason=reason, progress=progress)
    )
    assert isinstance(changed, CursorResult)
    if changed.rowcount == 0:
        return False
    await transaction.workspace_changed(workspace)
    return True
