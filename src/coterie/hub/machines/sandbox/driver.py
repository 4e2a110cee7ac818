"""Puts a sandboxed machine together: one sandbox for the workspace server, a sibling for what users run."""

from __future__ import annotations

import asyncio
import base64
import compileall
import logging
import os
import re
import shutil
import subprocess
from functools import cached_property
from pathlib import Path

from coterie.hub.machines.driver import MachineSpec
from coterie.hub.machines.local import PACKAGE, LocalDriver, user_environment
from coterie.hub.machines.places import Place
from coterie.hub.machines.sandbox import etc, mounts, seccomp, uplink
from coterie.hub.machines.sandbox.limits import Groups
from coterie.hub.machines.sandbox.users import Users
from coterie.machine.init import RUN_INIT
from coterie.machine.keeper import CONTROL, FILTER, INFO, SECOND, Orders, Program
from coterie.wire.errors import CoterieError, ErrorCode
from coterie.wire.launch import Launch

logger = logging.getLogger(__name__)

_FILES = "/workspace"
_HOME = "/home/user"
_STATE = "/coterie/state"
_RUN = "/coterie/run"
_STAGES = ("/mnt", "/media", "/srv")
"""Directories over one of which a root hub's keeper mounts what it stages; they are empty on most hosts."""

_NO_NAMESPACES = (
    "This system does not let the hub make sandboxes (user namespaces are forbidden). Allow them "
    "(sysctl kernel.unprivileged_userns_clone=1, or kernel.apparmor_restrict_unprivileged_userns=0 on Ubuntu), "
    "or choose COTERIE_DRIVER=process if everyone who uses this hub may have all that the hub's user has."
)
_FORBIDDEN = re.compile(r"^bwrap: .*(namespace|uid map|permission)|^\[Errno 1\] .*'unshare'$", re.IGNORECASE)
_MISSING = (
    "Workspaces need bubblewrap, which is not installed. Install it (apt install bubblewrap), "
    "or choose COTERIE_DRIVER=process if everyone who uses this hub may have all that the hub's user has."
)


class SandboxDriver(LocalDriver):
    """Runs each workspace in two sibling sandboxes over the same files, in a network namespace of its own."""

    name = "sandbox"

    def __init__(self, data: Path, network: uplink.Network = "auto") -> None:
        super().__init__(data)
        self._etc = data / "template" / "etc"
        self._users = Users()
        self._network = network
        self._uplink: uplink.Uplink | None = None
        self._bubblewrap: list[str] = []
        self._checking = asyncio.Lock()

    async def check(self) -> None:
        """Raise SANDBOX_MISSING where bubblewrap is missing or may not make sandboxes."""
        async with self._checking:
            if self._uplink is None:
                self._bubblewrap = await asyncio.to_thread(_find_bubblewrap)
                found = uplink.find(self._network, root=self._users.own)
                await asyncio.to_thread(etc.make, self._etc, online=bool(found.command), host=found.host)
                await asyncio.to_thread(compileall.compile_dir, PACKAGE, quiet=2)
                self._uplink = found
                logger.info("%s %s", found.words, self._groups.words)
        await super().check()

    @cached_property
    def _groups(self) -> Groups:
        return Groups()

    def home(self, place: Place) -> str:
        """The same in every machine."""
        return _HOME

    def files(self, place: Place) -> str:
        """The same in every machine."""
        return _FILES

    def _make(self, place: Place) -> None:
        fresh = not place.home.is_dir()
        super()._make(place)
        if fresh:
            self._users.choose(place, self.places.all())

    def settle(self, place: Place) -> None:
        """Give the machine's user what is in its directories."""
        self._users.settle(place)

    def forget(self, place: Place) -> None:
        """Remove the machine's control groups."""
        self._groups.remove(place.root.name)

    def orders(self, spec: MachineSpec, place: Place, record: int, ready: int, listener: int) -> Orders:
        """Start both programs in sandboxes of their own."""
        assert self._uplink is not None
        stage = mounts.Stage(_stage() if self._users.own else "")
        shared = [*self._confined(), *mounts.system(self._etc, stage, spec.limits.memory // 2)]
        shared += ["--bind", stage(place.home), _HOME, "--bind", stage(place.files), _FILES]
        launch = Launch(
            workspace=spec.workspace,
            name=spec.name,
            files=_FILES,
            home=_HOME,
            state=_STATE,
            run=_RUN,
            hub_key=spec.hub_key,
            spawn_fd=CONTROL,
            ready_fd=SECOND,
            environment=spec.environment,
            terminal_keep=spec.terminal_keep,
        )
        server = self._sandboxed(self.server(spec, launch, ready), [*shared, *self._private(place, stage)], "/")
        init = self._sandboxed(self.init(spec, _HOME, listener), [*shared, *self._public(stage)], _FILES)
        filtering = seccomp.program()
        if filtering:
            init["filter"] = base64.b64encode(filtering).decode()
            init["command"][1:1] = ["--seccomp", str(FILTER)]
        init["groups"] = self._groups.join(spec.workspace, spec.limits)
        return Orders(
            record=record,
            stage=stage.root,
            sources=stage.sources,
            user=self._users.of(place),
            network=not self._uplink.host,
            uplink=list(self._uplink.command),
            server=server,
            init=init,
        )

    def init(self, spec: MachineSpec, home: str, listener: int) -> Program:
        """Return the init, whose code users' processes see in /run/coterie."""
        program = super().init(spec, home, listener)
        limits = [f"--files={spec.limits.open_files}", f"--processes={spec.limits.processes}"]
        if not self._groups.memory:
            limits.append(f"--data={spec.limits.memory}")
        python = os.fspath(Path(program["command"][0]).resolve())
        options = [f"--control={CONTROL}", f"--listener={SECOND}", *limits]
        program["command"] = [python, "-I", "-S", "-c", RUN_INIT, "/run", *options]
        program["environment"] = user_environment(home)
        return program

    def _private(self, place: Place, stage: mounts.Stage) -> list[str]:
        """What only the workspace server sees."""
        return [
            *mounts.bind(mounts.hub_python(PACKAGE), stage),
            *("--bind", stage(place.state), _STATE, "--bind", stage(place.run), _RUN),
        ]

    def _public(self, stage: mounts.Stage) -> list[str]:
        """What users' processes see beside the system."""
        return [
            *mounts.bind(mounts.base_python(), stage),
            *("--ro-bind", stage(PACKAGE / "machine"), "/run/coterie/machine"),
        ]

    def _confined(self) -> list[str]:
        return [*self._bubblewrap, "--hostname", etc.HOSTNAME, "--info-fd", str(INFO)]

    def _sandboxed(self, program: Program, arguments: list[str], folder: str) -> Program:
        variables = [word for name, value in program["environment"].items() for word in ("--setenv", name, value)]
        command = [
            *arguments,
            "--clearenv",
            *variables,
            "--remount-ro",
            "/",
            "--chdir",
            folder,
            "--",
            *program["command"],
        ]
        return Program({**program, "command": command, "sandboxed": True})

    def diagnose(self, said: list[str]) -> CoterieError:
        """Tell a host that forbids sandboxes from a workspace server that failed."""
        if any(_FORBIDDEN.search(line) for line in said):
            return CoterieError(ErrorCode.SANDBOX_MISSING, _NO_NAMESPACES, "\n".join(said))
        return super().diagnose(said)


def _find_bubblewrap() -> list[str]:
    """Return the command with the options that confine, having tried them; raises CoterieError(SANDBOX_MISSING)."""
    program = shutil.which("bwrap")
    if program is None:
        raise CoterieError(ErrorCode.SANDBOX_MISSING, _MISSING)
    command = [program, "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    command += [
        "--uid",
        "1000",
        "--gid",
        "1000",
        "--die-with-parent",
        "--new-session",
        "--as-pid-1",
        "--cap-drop",
        "ALL",
    ]
    listed = subprocess.run([program, "--help"], capture_output=True, text=True, check=False).stdout
    if "--disable-userns" in listed:
        command.append("--disable-userns")
    trial = [*command, "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true"]
    tried = subprocess.run(trial, capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        raise CoterieError(ErrorCode.SANDBOX_MISSING, _NO_NAMESPACES, tried.stderr)
    return command


def _stage() -> str:
    return next(path for path in _STAGES if Path(path).is_dir())
