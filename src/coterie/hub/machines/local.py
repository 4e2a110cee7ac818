"""Machines on the hub's own host: directories, keeper, readiness, adoption; what process and sandbox drivers share."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import logging
import os
import shutil
import socket
import sys
from abc import ABC, abstractmethod
from collections import defaultdict
from pathlib import Path

import msgspec

import coterie
from coterie.hub.machines import processes
from coterie.hub.machines.driver import Address, Log, MachineSpec, MachineState, MachineStatus
from coterie.hub.machines.execution import execute
from coterie.hub.machines.places import Place, Places, is_socket
from coterie.hub.machines.record import Record
from coterie.hub.machines.template import HomeTemplate
from coterie.machine.init import RUN_INIT
from coterie.machine.keeper import CONTROL, SECOND, Orders, Program
from coterie.wire.errors import CoterieError, ErrorCode
from coterie.wire.launch import Launch

logger = logging.getLogger(__name__)

PACKAGE = Path(coterie.__file__).parent
"""Where our own code is."""

_SPARE_AFTER = 2.0
"""Seconds after a workspace was made until the next one's home is: not while the new one starts."""

_SERVER_MEMORY = 1 << 30
"""Bytes a workspace server may always have for itself: it is not among the processes that a machine's limit is for, and
what people open and upload must not take the host's memory through it."""

_LOG_SIZE = 1 << 20
"""Bytes of `machine.log` that are kept from earlier runs at a start."""

_RUN_KEEPER = "import sys; sys.path.insert(0, sys.argv[1]); from coterie.machine.keeper import main; main()"


class LocalDriver(ABC):
    """What drivers on this host have in common. A subclass says how programs are confined."""

    name: str
    program: tuple[str, ...] = ("-m", "coterie.workspace")
    """What Python runs as the workspace server."""

    def __init__(self, data: Path) -> None:
        self.places = Places(data / "workspaces")
        self._template = HomeTemplate(data / "template")
        self._tasks: set[asyncio.Task[None]] = set()
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @abstractmethod
    def orders(self, spec: MachineSpec, place: Place, record: int, ready: int, listener: int) -> Orders:
        """Return what the keeper is to do; the descriptors are those the keeper inherits."""

    @abstractmethod
    def home(self, place: Place) -> str:
        """Return the user's home directory as users' processes see it."""

    def settle(self, place: Place) -> None:  # noqa: B027 most drivers need nothing
        """Give the machine's own user, where it has one, what it writes into; before each start."""

    def forget(self, place: Place) -> None:  # noqa: B027
        """Undo on the host what the machine needed, after its end."""

    async def prepare(self) -> None:
        """See `Driver.prepare`. Raises SANDBOX_MISSING, or MACHINE_FAILED for a data directory that cannot be used."""
        await self.check()
        await asyncio.to_thread(self._template.make_spare)

    async def check(self) -> None:
        """Do what cannot wait until after the next machine is made; cheap once it was done."""
        if self.places.too_long:
            sentence = f"The data directory's path is too long for sockets: {self.places.root.parent}. Choose another."
            raise CoterieError(ErrorCode.MACHINE_FAILED, sentence)
        await self._template.prepare()

    async def create(self, workspace: str) -> Path:
        """See `Driver.create`."""
        place = self.places[workspace]
        await self.check()
        async with self._locks[workspace]:
            try:
                await asyncio.to_thread(self._make, place)
            except OSError as error:
                raise failure(error, "The workspace's place on disk could not be made") from error
        asyncio.get_running_loop().call_later(_SPARE_AFTER, self._make_spare)
        return place.files

    def _make_spare(self) -> None:
        task = asyncio.create_task(asyncio.to_thread(self._template.make_spare))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _make(self, place: Place) -> None:
        self.places.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        place.root.mkdir(mode=0o700, exist_ok=True)
        self._template.copy(place.home, self.home(place))
        for directory in (*place.directories, place.log):
            directory.mkdir(mode=0o700, exist_ok=True)

    async def start(self, spec: MachineSpec, log: Log) -> Address:
        """See `Driver.start`."""
        place = self.places[spec.workspace]
        async with self._locks[spec.workspace]:
            await self.check()
            running = _address(place)
            if running and (await self.poll(spec.workspace)).state is MachineState.RUNNING:
                return running
            if not place.root.is_dir():
                raise CoterieError(ErrorCode.MACHINE_FAILED, "The workspace's directory is gone from the hub's disk.")
            await self._end(place, 0)
            try:
                await self._start(spec, place, log)
            except OSError as error:
                await self._end(place, 0)
                raise failure(error, "The machine could not be started") from error
            except BaseException:
                await self._end(place, 0)
                raise
            address = _address(place)
            if address is None:
                await self._end(place, 0)
                raise CoterieError(
                    ErrorCode.MACHINE_FAILED, "The workspace server said it was ready, but does not answer."
                )
            return address

    async def _start(self, spec: MachineSpec, place: Place, log: Log) -> None:
        with contextlib.ExitStack() as stack:
            await asyncio.to_thread(self._lay_out, place)
            record = os.open(place.record, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
            stack.callback(os.close, record)
            output = os.open(place.log / "machine.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            stack.callback(os.close, output)
            written = os.fstat(output).st_size
            listener = stack.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(os.fspath(place.exec))
            listener.listen()
            ready, tell = os.pipe()
            stack.callback(os.close, ready)
            with contextlib.ExitStack() as told:
                told.callback(os.close, tell)
                orders = self.orders(spec, place, record, tell, listener.fileno())
                groups = {*orders["server"]["groups"], *orders["init"]["groups"]}
                for group in groups:
                    told.callback(os.close, group)
                _launch(orders, output, [record, tell, listener.fileno(), *groups])
            if not await _readable(ready) or not os.read(ready, 1):
                await self._report(place, written, log)

    def _lay_out(self, place: Place) -> None:
        for directory in (*place.directories, place.log):
            directory.mkdir(mode=0o700, exist_ok=True)
        for leftover in place.run.iterdir():
            leftover.unlink()
        _shorten(place.log / "machine.log")
        self.settle(place)

    async def _report(self, place: Place, written: int, log: Log) -> None:
        """Raise what is known of a machine that ended before it was ready."""
        record = Record.read(place.record)
        for process in record.processes if record else []:
            await process.wait()
        with (place.log / "machine.log").open("rb") as file:
            file.seek(written)
            said = file.read(65536).decode("utf-8", "replace").splitlines()
        for line in said:
            log(line)
        raise self.diagnose(said)

    def diagnose(self, said: list[str]) -> CoterieError:
        """Return the error for a machine that wrote `said` to its log and ended before it was ready."""
        sentence = "The workspace server ended while it was starting. The workspace's log says why."
        return CoterieError(ErrorCode.MACHINE_FAILED, sentence, "\n".join(said[-20:]))

    async def poll(self, workspace: str) -> MachineStatus:
        """See `Driver.poll`."""
        place = self.places[workspace]
        record = Record.read(place.record)
        if record is not None and record.events:
            return record.status
        return MachineStatus(MachineState.STOPPED if place.root.is_dir() else MachineState.ABSENT)

    async def wait(self, workspace: str) -> MachineStatus:
        """See `Driver.wait`."""
        record = Record.read(self.places[workspace].record)
        if record is not None and "keeper" in record.named:
            await record.named["keeper"].wait()
        return await self.poll(workspace)

    async def stop(self, workspace: str, grace: float = 5.0) -> None:
        """See `Driver.stop`."""
        async with self._locks[workspace]:
            await self._end(self.places[workspace], grace)

    async def _end(self, place: Place, grace: float) -> None:
        record = Record.read(place.record)
        if record is None:
            return
        # Asked for once: they may end by themselves at any moment.
        alive = record.processes
        if alive and not await processes.end(alive, grace) and grace:
            logger.warning("Machine %s did not end within %s s and was killed.", place.root.name, grace)
        self.forget(place)
        place.record.unlink(missing_ok=True)

    async def delete(self, workspace: str) -> None:
        """See `Driver.delete`."""
        place = self.places[workspace]
        async with self._locks[workspace]:
            await self._end(place, 0)
            try:
                await asyncio.to_thread(remove, place.root)
            except OSError as error:
                raise failure(error, "The workspace's files could not all be removed") from error
        self._locks.pop(workspace, None)

    async def address(self, workspace: str) -> Address | None:
        """See `Driver.address`."""
        if (await self.poll(workspace)).state is not MachineState.RUNNING:
            return None
        return _address(self.places[workspace])

    async def exec(self, workspace: str, command: list[str], environment: dict[str, str], log: Log) -> int:
        """See `Driver.exec`. It starts in the workspace's files."""
        place = self.places[workspace]
        if (await self.poll(workspace)).state is not MachineState.RUNNING:
            raise CoterieError(ErrorCode.NOT_RUNNING, "The workspace is not running.")
        return await execute(place.exec, self.files(place), command, environment, log)

    def files(self, place: Place) -> str:
        """Return the directory of the files as users' processes see it."""
        return os.fspath(place.files)

    def server(self, spec: MachineSpec, launch: Launch, ready: int) -> Program:
        """Return the workspace server, not confined."""
        return Program(
            command=[sys.executable, "-I", *self.program],
            environment={"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": launch.state},
            input=msgspec.json.encode(launch).decode(),
            second=ready,
            groups=[],
            filter="",
            memory=max(spec.limits.memory, _SERVER_MEMORY),
            sandboxed=False,
        )

    def init(self, spec: MachineSpec, home: str, listener: int) -> Program:
        """Return the init, not confined."""
        options = [f"--control={CONTROL}", f"--listener={SECOND}", f"--files={spec.limits.open_files}"]
        return Program(
            command=[sys.executable, "-I", "-S", "-c", RUN_INIT, os.fspath(PACKAGE.parent), *options],
            environment=user_environment(home),
            input="",
            second=listener,
            groups=[],
            filter="",
            memory=0,
            sandboxed=False,
        )

    def launch(self, spec: MachineSpec, place: Place) -> Launch:
        """Return the workspace server's configuration, with the host's paths."""
        return Launch(
            workspace=spec.workspace,
            name=spec.name,
            files=os.fspath(place.files),
            home=os.fspath(place.home),
            state=os.fspath(place.state),
            run=os.fspath(place.run),
            hub_key=spec.hub_key,
            spawn_fd=CONTROL,
            ready_fd=SECOND,
            environment=spec.environment,
            terminal_keep=spec.terminal_keep,
        )


def user_environment(home: str) -> dict[str, str]:
    """Return the environment that users' processes begin with."""
    path = [f"{home}/.venv/bin", f"{home}/.local/bin", "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin"]
    return {
        "PATH": ":".join([*path, "/sbin", "/bin"]),
        "HOME": home,
        "USER": "user",
        "LOGNAME": "user",
        "SHELL": "/bin/bash",
        "LANG": "C.UTF-8",
        "VIRTUAL_ENV": f"{home}/.venv",
        "VIRTUAL_ENV_DISABLE_PROMPT": "1",
    }


def failure(error: OSError, what: str) -> CoterieError:
    """Return `error` for a person, who is told `what` went wrong."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return CoterieError(
            ErrorCode.DISK_FULL, f"{what}: the hub's disk is full. Make room, then try again.", str(error)
        )
    return CoterieError(ErrorCode.MACHINE_FAILED, f"{what}: {os.strerror(error.errno or 0)}.", repr(error))


def _launch(orders: Orders, output: int, inherited: list[int]) -> None:
    command = [sys.executable, "-I", "-S", "-c", _RUN_KEEPER, os.fspath(PACKAGE.parent)]
    orders_read, orders_write = os.pipe()
    try:
        actions = [(os.POSIX_SPAWN_DUP2, fd, fd) for fd in inherited]
        standard = [(os.POSIX_SPAWN_DUP2, fd, number) for number, fd in enumerate((orders_read, output, output))]
        os.posix_spawn(command[0], command, {"LANG": "C.UTF-8"}, file_actions=[*actions, *standard])
    finally:
        os.close(orders_read)
    with open(orders_write, "w") as pipe:  # noqa: PTH123 a descriptor; the keeper reads it all before anything else
        json.dump(orders, pipe)


async def _readable(fd: int) -> bool:
    loop = asyncio.get_running_loop()
    event = asyncio.Event()
    loop.add_reader(fd, event.set)
    try:
        return await event.wait()
    finally:
        loop.remove_reader(fd)


def _address(place: Place) -> Address | None:
    """Return where a workspace server accepts connections, None where none does."""
    if not (is_socket(place.handoff) and is_socket(place.http)):
        return None
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.settimeout(1)
            probe.connect(os.fspath(place.http))
        except OSError:
            return None
    return Address(handoff=place.handoff, http=place.http)


def _shorten(path: Path) -> None:
    """Keep the last `_LOG_SIZE` bytes."""
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size > 2 * _LOG_SIZE:
            path.write_bytes(path.read_bytes()[-_LOG_SIZE:])


def remove(root: Path) -> None:
    """Remove a tree whose directories a user may have made unwritable."""

    def again(function: object, path: str, error: tuple[type[BaseException], BaseException, object]) -> None:
        if isinstance(error[1], FileNotFoundError):
            return
        Path(path).parent.chmod(0o700)
        if os.path.isdir(path) and not os.path.islink(path):  # noqa: PTH112, PTH114
            Path(path).chmod(0o700)
            shutil.rmtree(path)
        else:
            Path(path).unlink()

    if root.is_dir():
        shutil.rmtree(root, onerror=again)
