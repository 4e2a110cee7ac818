"""The sandbox of a hub that is not root, as newcomers run it; tried here by becoming somebody else."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import pytest

from coterie.hub.machines import template
from coterie.hub.machines.driver import Limits
from coterie.hub.machines.sandbox.driver import SandboxDriver
from coterie.machine import kernel
from tests.contract import probes
from tests.contract.conftest import Machine

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(os.geteuid() != 0, reason="all else is tried as this user"),
]

USER = 65533
REPOSITORY = Path(__file__).parents[2]


def test_a_hub_that_is_not_root_isolates_and_limits_as_well() -> None:
    with tempfile.TemporaryDirectory(prefix="coterie-") as data:
        os.chown(data, USER, USER)
        command = [sys.executable, "-m", "tests.contract.test_unprivileged", data]
        ran = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=150, check=False)
    assert ran.returncode == 0, ran.stderr


async def check(data: Path) -> None:
    """Run as the other user: start a machine, try to get out and to exceed its limits, stop it."""
    machine = Machine(SandboxDriver(data))
    await machine.driver.create(machine.workspace)
    try:
        await machine.start(Limits(memory=256 << 20, processes=64, open_files=256))
        assert "uid 1000 1000" in await machine.python(probes.PRIVILEGES)
        code, output = await machine.run("sh", "-c", "echo kept > file && python -c 'print(6 * 7)'")
        assert (code, output) == (0, "42")
        server = machine.driver.places[machine.workspace]
        paths = ":".join(map(str, (server.root, server.state, server.run, data, "/coterie", "/etc/shadow")))
        for program, environment in (
            (probes.READ_HOST_FILES, {"PATHS": paths}),
            (probes.FIND_SERVER, {}),
            (probes.NEW_NAMESPACES, {}),
            (probes.MOUNT_AND_CHROOT, {}),
            (probes.TRACE, {}),
            (probes.FORK_BOMB, {}),
            (probes.MEMORY_BOMB, {}),
            (probes.OPEN_FILES, {}),
        ):
            said = await machine.python(program, **environment)
            assert "REACHED" not in said and "as many processes as it may" not in said, said
        assert await machine.running()
    finally:
        await machine.driver.delete(machine.workspace)


def become(user: int, paths: list[Path]) -> None:
    """Become an unprivileged user who reaches `paths` even where a directory above them is closed."""
    kernel.unshare(kernel.CLONE_NEWNS)
    kernel.mount("none", "/", flags=kernel.MS_REC | kernel.MS_PRIVATE)
    closed = {parent for path in paths for parent in path.parents if not parent.stat().st_mode & 0o001}
    hidden = {path: os.open(path, os.O_PATH) for path in paths if closed & set(path.parents)}
    for parent in sorted(closed, key=lambda parent: len(parent.parts)):
        if parent.exists():
            kernel.mount("tmpfs", os.fspath(parent), "tmpfs", data="mode=755")
    for path, fd in hidden.items():
        path.mkdir(parents=True, exist_ok=True)
        kernel.mount(f"/proc/self/fd/{fd}", os.fspath(path), flags=kernel.MS_BIND | kernel.MS_REC)
        os.close(fd)
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


if __name__ == "__main__":
    become(USER, [Path(sys.base_prefix), Path(sys.prefix), REPOSITORY])
    template.make_environment = lambda path: venv.create(path, symlinks=True)
    asyncio.run(check(Path(sys.argv[1])))
