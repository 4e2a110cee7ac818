"""What drivers on the hub's own host keep on disk, and how they know processes again."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coterie.hub.machines import local, processes
from coterie.hub.machines.driver import MachineSpec, MachineState
from coterie.hub.machines.places import Place, Places, is_socket
from coterie.hub.machines.process import ProcessDriver
from coterie.hub.machines.processes import HostProcess
from coterie.hub.machines.record import Record
from coterie.hub.machines.registry import make_driver
from coterie.hub.machines.sandbox.driver import SandboxDriver
from coterie.wire.errors import CoterieError, ErrorCode
from coterie.wire.ids import new_id
from coterie.wire.launch import Launch


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "abcdefghijkmnopq\n", "ABCDEFGHIJKMNOPQ"])
def test_only_identifiers_name_places(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="not an identifier"):
        Places(tmp_path)[name]


async def test_a_data_directory_whose_sockets_would_not_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CoterieError, match="path is too long"):
        await ProcessDriver(tmp_path / ("long" * 20)).prepare()


def test_a_link_to_a_socket_is_no_socket(tmp_path: Path) -> None:
    import socket

    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(tmp_path / "s"))
    (tmp_path / "link").symlink_to("s")
    assert is_socket(tmp_path / "s")
    assert not is_socket(tmp_path / "link")
    assert not is_socket(tmp_path / "absent")


async def test_a_process_is_not_taken_for_a_later_one_with_its_number() -> None:
    child = subprocess.Popen(["sleep", "1000"])
    process = HostProcess.find(child.pid)
    assert process is not None
    assert process.alive
    assert not HostProcess(child.pid, "another boot 1").alive
    waiting = asyncio.create_task(process.wait())
    child.kill()
    await waiting
    assert not process.alive
    assert HostProcess.find(child.pid) is None
    process.signal(9)
    await process.wait()
    child.returncode = -9


async def test_what_ignores_the_request_to_end_is_killed() -> None:
    program = "import signal; signal.signal(15, signal.SIG_IGN); print(flush=True); signal.pause()"
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=subprocess.PIPE)
    assert child.stdout is not None
    await child.stdout.readline()
    process = HostProcess.find(child.pid)
    assert process is not None
    assert not await processes.end([process], 0.05)
    assert not process.alive
    await child.wait()


async def test_what_ends_while_it_is_looked_at_has_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driver, workspace = ProcessDriver(tmp_path), new_id()
    record = driver.places[workspace].record
    record.parent.mkdir(parents=True)
    child = subprocess.Popen(["sleep", "1000"])
    process = HostProcess.find(child.pid)
    looks = iter([[process], []])
    record.write_text("{}\n")
    monkeypatch.setattr(Record, "processes", property(lambda _: next(looks)))
    await driver.stop(workspace)
    assert not record.exists()
    child.wait(30)


def test_a_record_says_how_a_machine_ended(tmp_path: Path) -> None:
    path = tmp_path / "machine.jsonl"
    assert Record.read(path) is None
    for ended, word in (
        ({"ended": "server", "code": -9, "asked": False}, "signal 9"),
        ({"ended": "init", "code": 3, "asked": False}, "exit code 3"),
        ({"ended": "keeper", "code": 1, "why": "x"}, "put together"),
    ):
        path.write_text(json.dumps({"process": "keeper", "pid": 1, "began": "never"}) + "\n" + json.dumps(ended) + "\n")
        record = Record.read(path)
        assert record is not None
        assert record.status.state is MachineState.FAILED
        assert word in record.status.reason


def test_a_record_that_was_cut_off_while_it_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "machine.jsonl"
    path.write_text(json.dumps({"process": "keeper", "pid": 1, "began": "never"}) + '\n{"pro')
    record = Record.read(path)
    assert record is not None
    assert list(record.named) == ["keeper"]


def test_a_full_disk_has_its_own_sentence() -> None:
    error = local.failure(OSError(28, "No space left on device"), "The machine could not be started")
    assert error.code is ErrorCode.DISK_FULL
    assert "Make room" in error.sentence


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(modes=st.lists(st.sampled_from([0o000, 0o400, 0o500, 0o700]), min_size=1, max_size=5))
def test_whatever_permissions_users_leave_everything_is_removed(tmp_path: Path, modes: list[int]) -> None:
    root = folder = tmp_path / "root"
    folders = []
    for _ in modes:
        folder.mkdir()
        (folder / "file").touch()
        (folder / "link").symlink_to("/")
        folders.append(folder)
        folder = folder / "folder"
    for made, mode in reversed(list(zip(folders, modes, strict=True))):
        made.chmod(mode)
    local.remove(root)
    assert not root.exists()


def test_the_settings_choose_the_driver(tmp_path: Path) -> None:
    def chosen(name: str) -> object:
        return make_driver(SimpleNamespace(driver=name, data=tmp_path, sandbox_network="none"))

    assert isinstance(chosen("sandbox"), SandboxDriver)
    assert isinstance(chosen("process"), ProcessDriver)
    with pytest.raises(ValueError, match="no machine driver called 'docker'"):
        chosen("docker")


def test_the_process_driver_says_loudly_that_it_does_not_isolate(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ProcessDriver(tmp_path)
    assert "NO ISOLATION" in caplog.text


def test_a_places_directories_are_all_below_it(tmp_path: Path) -> None:
    place = Places(tmp_path)[new_id()]
    assert isinstance(place, Place)
    assert all(path.is_relative_to(place.root) for path in (*place.directories, place.log, place.record))
    assert os.fspath(place.handoff).endswith("run/handoff.sock")


@pytest.mark.parametrize("kind", [ProcessDriver, SandboxDriver])
def test_what_is_kept_of_terminals_reaches_the_workspace_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[local.LocalDriver]
) -> None:
    launched: list[Launch] = []

    class LaunchedError(Exception):
        pass

    def server(self: local.LocalDriver, spec: MachineSpec, launch: Launch, ready: int) -> None:
        launched.append(launch)
        raise LaunchedError

    monkeypatch.setattr(kind, "server", server)
    (tmp_path / "template" / "etc").mkdir(parents=True)
    driver = kind(tmp_path)
    monkeypatch.setattr(driver, "_uplink", SimpleNamespace(), raising=False)
    spec = MachineSpec(workspace=new_id(), name="Kept", hub_key=b"", terminal_keep=123_456)
    with pytest.raises(LaunchedError):
        driver.orders(spec, driver.places[spec.workspace], 3, 4, 5)
    assert launched[0].terminal_keep == 123_456
