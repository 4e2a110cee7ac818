"""Breaking out of a sandbox, tried from a terminal inside; where it makes sense the same try succeeds without one."""

from __future__ import annotations

import asyncio
import os
import platform
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from coterie.hub.machines.driver import Limits
from coterie.hub.machines.record import Record
from coterie.hub.machines.sandbox import seccomp
from coterie.wire.errors import CoterieError
from tests.contract import probes
from tests.contract.conftest import Machine

pytestmark = pytest.mark.sandbox

MakeMachine = Callable[[str], Machine]


@pytest.fixture
async def inside(machines: MakeMachine) -> Machine:
    """A sandboxed machine."""
    machine = machines("sandbox")
    await machine.driver.create(machine.workspace)
    await machine.start(Limits(memory=256 << 20, processes=64, open_files=256))
    return machine


@pytest.fixture
async def outside(machines: MakeMachine) -> Machine:
    """A machine without isolation, where the same tries must succeed."""
    machine = machines("process")
    await machine.driver.create(machine.workspace)
    await machine.start()
    return machine


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A service on the host's loopback, such as the hub."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def host_paths(machine: Machine, other: Machine) -> list[str]:
    """Return what exists on the host and is none of a machine's business."""
    place, neighbour = machine.driver.places[machine.workspace], other.driver.places[other.workspace]
    paths = [place.root, place.state, place.run, place.exec, place.record, place.root.parent, place.root.parent.parent]
    paths += [neighbour.root, neighbour.files, neighbour.home, neighbour.state]
    paths += [Path("/etc/hostname").resolve().parent / "fstab", Path.home() / ".ssh", Path(__file__), Path("/var/log")]
    return [os.fspath(path) for path in paths if path.exists()]


async def test_host_files_other_workspaces_and_the_hubs_data_are_not_there(
    inside: Machine, outside: Machine, data: Path
) -> None:
    (data / "coterie.db").write_text("the hub's database")
    database = os.fspath(data / "coterie.db")
    paths = ":".join([*host_paths(inside, outside), *host_paths(outside, inside), database])
    control = await outside.python(probes.READ_HOST_FILES, PATHS=paths)
    assert f"REACHED {database}" in control
    assert control.count("REACHED") > 15
    assert "REACHED" not in await inside.python(probes.READ_HOST_FILES, PATHS=paths)


async def test_secrets_of_the_system_and_the_servers_directories_are_not_there(inside: Machine) -> None:
    paths = "/etc/shadow:/etc/gshadow:/etc/ssl/private:/etc/sudoers:/etc/ssh:/etc/pip.conf:/etc/fstab:/coterie"
    paths += ":/coterie/state:/coterie/run:/boot:/var/lib:/mnt:/srv:/sys/kernel:/run/dbus:/root/.ssh"
    output = await inside.python(probes.READ_HOST_FILES, PATHS=paths)
    assert output.count("refused") == len(paths.split(":")), output


async def test_only_its_own_users_are_known(inside: Machine) -> None:
    code, output = await inside.run("sh", "-c", "cut -d: -f1,3 /etc/passwd; hostname")
    assert (code, output.splitlines()) == (0, ["root:0", "user:1000", "nobody:65534", "workspace"])


async def test_the_workspace_server_cannot_be_seen(inside: Machine, outside: Machine) -> None:
    assert "REACHED" in await outside.python(probes.FIND_SERVER)
    assert "REACHED" not in await inside.python(probes.FIND_SERVER)


async def test_killing_everything_kills_neither_the_server_nor_the_init(inside: Machine) -> None:
    record = Record.read(inside.driver.places[inside.workspace].record)
    assert record is not None
    await inside.python("import os, signal\nos.kill(1, signal.SIGKILL)\nos.kill(1, signal.SIGTERM)\nos.kill(-1, 9)")
    assert await inside.running()
    assert {name for name, process in record.named.items() if process.alive} >= {"keeper", "server", "init"}
    assert await inside.run("echo", "on") == (0, "on")


async def test_the_init_cannot_be_traced_nor_robbed_of_its_sockets(inside: Machine) -> None:
    output = await inside.python(probes.TRACE)
    assert "own child True" in output
    assert "REACHED" not in output
    assert "refused" in output


async def test_nothing_is_reached_through_proc(inside: Machine, outside: Machine) -> None:
    assert "REACHED" in await outside.python(probes.THROUGH_PROC)
    assert "REACHED" not in await inside.python(probes.THROUGH_PROC)


async def test_abstract_sockets_of_the_host_are_out_of_reach(inside: Machine, outside: Machine) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        name = f"coterie-{inside.workspace}"
        server.bind(f"\0{name}")
        server.listen()
        assert "REACHED" in await outside.python(probes.CONNECT_ABSTRACT, NAME=name)
        assert "refused" in await inside.python(probes.CONNECT_ABSTRACT, NAME=name)


async def test_the_hosts_loopback_is_out_of_reach(inside: Machine, outside: Machine, listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    addresses = {"127.0.0.1", "127.0.0.53", "10.0.2.2", "10.0.2.3", "localhost", *own_addresses()}
    targets = ",".join(f"{address}:{port}" for address in sorted(addresses))
    assert f"REACHED 127.0.0.1:{port}" in await outside.python(probes.CONNECT, TARGETS=targets)
    await uplink(inside)
    output = await inside.python(probes.CONNECT, TARGETS=targets)
    assert "REACHED" not in output
    assert output.count("refused ") == len(addresses)


async def test_two_machines_do_not_share_a_loopback(inside: Machine, machines: MakeMachine) -> None:
    other = machines("sandbox")
    await other.driver.create(other.workspace)
    await other.start()
    serving = asyncio.create_task(other.run("python3", "-c", probes.SERVE, PORT="8123"))
    while "REACHED" not in await other.python(probes.CONNECT, TARGETS="127.0.0.1:8123"):
        assert not serving.done()
    assert "refused" in await inside.python(probes.CONNECT, TARGETS="127.0.0.1:8123")
    await other.driver.stop(other.workspace)
    with pytest.raises(CoterieError):
        await serving


async def test_link_local_addresses_where_clouds_keep_credentials_are_refused(inside: Machine) -> None:
    await uplink(inside)
    output = await inside.python(probes.CONNECT, TARGETS="169.254.169.254:80")
    assert "unreachable" in output.lower() or "No route" in output


async def test_namespaces_mounts_and_chroot_are_refused(inside: Machine) -> None:
    for probe in (probes.NEW_NAMESPACES, probes.MOUNT_AND_CHROOT):
        output = await inside.python(probe)
        assert "REACHED" not in output
        assert output.count("refused") == 4


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may do this even without a sandbox")
async def test_the_same_namespaces_are_there_without_a_sandbox(outside: Machine) -> None:
    assert "REACHED" in await outside.python(probes.NEW_NAMESPACES)


@pytest.mark.skipif(not seccomp.program(), reason="there is no filter for this processor")
async def test_system_calls_that_nobody_needs_are_refused(inside: Machine, outside: Machine) -> None:
    architecture = seccomp.ARCHITECTURES[platform.machine()][0]
    probe = f"CALLS = {seccomp.CALLS!r}\nARCHITECTURE = {architecture}\n{probes.REFUSED_CALLS}"
    assert "REACHED io_uring_setup" in await outside.python(probe)
    output = await inside.python(probe)
    assert "REACHED" not in output
    assert output.count("refused") > 20


async def test_the_system_cannot_be_written(inside: Machine) -> None:
    output = await inside.python(probes.WRITE_SYSTEM)
    assert "REACHED" not in output
    assert output.count("refused") == 8


async def test_there_are_no_devices_and_no_sys(inside: Machine, outside: Machine) -> None:
    assert "REACHED" in await outside.python(probes.DEVICES)
    output = await inside.python(probes.DEVICES)
    assert "REACHED" not in output
    assert "refused" in output


async def test_there_are_no_privileges_to_use(inside: Machine) -> None:
    output = await inside.python(probes.PRIVILEGES)
    assert "uid 1000 1000" in output
    assert "REACHED" not in output


async def test_a_fork_bomb_stays_within_its_limit_while_another_machine_goes_on(
    inside: Machine, machines: MakeMachine
) -> None:
    other = machines("sandbox")
    await other.driver.create(other.workspace)
    bomb = asyncio.create_task(inside.python(probes.FORK_BOMB))
    await other.start()
    assert "forked 300" in await other.python(probes.FORK_BOMB)
    output = await bomb
    assert "refused" in output
    assert int(output.split("forked ")[1].split()[0]) < 64
    assert await inside.running()
    assert await inside.run("echo", "on") == (0, "on")


async def test_a_full_machine_says_so_instead_of_hanging(inside: Machine) -> None:
    full = asyncio.create_task(inside.run("python3", "-c", probes.HOG))
    answer = "room"
    while answer == "room":
        answer = (await inside.python("print('room')")).strip()
    assert "as many processes as it may" in answer
    await inside.driver.stop(inside.workspace)
    with pytest.raises(CoterieError):
        await full


async def test_a_memory_bomb_ends_itself_and_nothing_else(inside: Machine, machines: MakeMachine) -> None:
    other = machines("sandbox")
    await other.driver.create(other.workspace)
    await other.start()
    assert "REACHED 1024 MiB" in await other.python(probes.MEMORY_BOMB)
    assert "REACHED" not in await inside.python(probes.MEMORY_BOMB)
    assert await inside.running()
    assert await other.running()
    assert await inside.run("echo", "on") == (0, "on")


async def test_open_files_are_limited(inside: Machine, outside: Machine) -> None:
    assert "REACHED" in await outside.python(probes.OPEN_FILES)
    assert "refused" in await inside.python(probes.OPEN_FILES)


async def uplink(machine: Machine) -> None:
    """Wait until the machine's network is there, where this host has one for machines."""
    record = Record.read(machine.driver.places[machine.workspace].record)
    if record is not None and "uplink" in record.named:
        await machine.run("sh", "-c", "until grep -q ^tap0 /proc/net/route; do :; done")


def own_addresses() -> set[str]:
    """Return this host's addresses other than loopback ones."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(("192.0.2.1", 9))  # chooses a source address, sends nothing
            return {sock.getsockname()[0]}
        except OSError:
            return set()
