"""The parts of the sandbox driver that decide what a host allows."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from coterie.hub.machines.driver import Limits
from coterie.hub.machines.places import Place, Places
from coterie.hub.machines.sandbox import etc, mounts, seccomp, uplink
from coterie.hub.machines.sandbox.driver import SandboxDriver
from coterie.hub.machines.sandbox.limits import Groups
from coterie.hub.machines.sandbox.users import Users, give
from coterie.wire.errors import CoterieError, ErrorCode
from coterie.wire.ids import new_id

LIMITS = Limits(memory=1 << 30, processes=100, open_files=200)


def command(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


async def test_missing_bubblewrap_gets_a_sentence_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CoterieError, match="bubblewrap, which is not installed") as raised:
        await SandboxDriver(tmp_path).prepare()
    assert raised.value.code is ErrorCode.SANDBOX_MISSING


@pytest.mark.parametrize(
    "said", ["bwrap: No permissions to create new namespace", "bwrap: setting up uid map: Permission denied"]
)
async def test_forbidden_namespaces_get_a_sentence_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    command(tmp_path, "bwrap", f'echo "{said}" >&2; exit 1')
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(CoterieError, match="user namespaces are forbidden") as raised:
        await SandboxDriver(tmp_path).prepare()
    assert raised.value.code is ErrorCode.SANDBOX_MISSING
    assert said in raised.value.detail


def test_a_failed_start_tells_forbidden_namespaces_from_a_failed_server(tmp_path: Path) -> None:
    driver = SandboxDriver(tmp_path)
    assert driver.diagnose(["[Errno 1] Operation not permitted: 'unshare'"]).code is ErrorCode.SANDBOX_MISSING
    assert driver.diagnose(["Traceback", "NameError: no namespace"]).code is ErrorCode.MACHINE_FAILED


def test_version_1_groups_are_made_and_removed_for_each_machine(tmp_path: Path) -> None:
    membership = tmp_path / "membership"
    membership.write_text("4:memory:/some/group\n8:pids:/\n1:name=systemd:/\n")
    for controller, parent, limit in (
        ("memory", "some/group", "memory.limit_in_bytes"),
        ("pids", ".", "pids.max"),
    ):
        group = tmp_path / "mounts" / controller / parent / "coterie" / "ID"
        group.mkdir(parents=True)
        (group / limit).touch()
        (group / "cgroup.procs").touch()
        (group.parent / "cgroup.procs").touch()
    groups = Groups(tmp_path / "mounts", membership)
    assert groups.memory
    assert "memory, pids" in groups.words
    for fd in groups.join("ID", LIMITS):
        os.close(fd)
    memory, pids = tmp_path / "mounts/memory/some/group/coterie/ID", tmp_path / "mounts/pids/coterie/ID"
    assert (memory / "memory.limit_in_bytes").read_text() == str(1 << 30)
    assert (pids / "pids.max").read_text() == "108"
    for group in (memory, pids):
        for path in group.iterdir():
            path.unlink()
    groups.remove("ID")
    assert not memory.exists()
    assert not pids.exists()


def test_a_version_2_subtree_is_used_once_the_hub_has_moved_into_a_child(tmp_path: Path) -> None:
    own = tmp_path / "mounts" / "service"
    (own / "machines" / "ID").mkdir(parents=True)
    (own / "hub").mkdir()
    membership = tmp_path / "membership"
    membership.write_text("0::/service\n")
    (tmp_path / "mounts" / "cgroup.controllers").write_text("cpu memory pids")
    (own / "cgroup.controllers").write_text("memory pids")
    (own / "cgroup.procs").write_text("123\n")
    for name in ("memory.max", "memory.swap.max", "pids.max", "cgroup.procs"):
        (own / "machines" / "ID" / name).touch()
    groups = Groups(tmp_path / "mounts", membership)
    assert (own / "hub" / "cgroup.procs").read_text() == "123"
    assert (own / "cgroup.subtree_control").read_text() == "+memory +pids"
    assert (own / "machines" / "cgroup.subtree_control").read_text() == "+memory +pids"
    (joined,) = groups.join("ID", LIMITS)
    os.close(joined)
    assert (own / "machines" / "ID" / "memory.max").read_text() == str(1 << 30)
    assert (own / "machines" / "ID" / "memory.swap.max").read_text() == "0"


def test_without_delegated_groups_the_log_says_so(tmp_path: Path) -> None:
    groups = Groups(tmp_path, tmp_path / "nothing")
    assert not groups.memory
    assert groups.join("ID", LIMITS) == []
    assert "for each process" in groups.words


def test_a_stage_names_each_directory_once() -> None:
    stage = mounts.Stage("/mnt")
    assert [stage(Path("/a")), stage(Path("/b")), stage(Path("/a"))] == ["/mnt/0", "/mnt/1", "/mnt/0"]
    assert stage.sources == ["/a", "/b"]
    assert mounts.Stage()(Path("/a")) == "/a"


def test_no_secrets_of_etc_are_shown(tmp_path: Path) -> None:
    etc.make(tmp_path / "etc", online=True, host=False)
    arguments = mounts.system(tmp_path / "etc", mounts.Stage(), 1 << 20)
    shown = {arguments[index + 2] for index, word in enumerate(arguments) if word == "--ro-bind"}
    assert {"/usr", "/etc/passwd", "/etc/resolv.conf", "/etc/ssl/certs"} <= shown
    secret = [
        "shadow",
        "gshadow",
        "sudoers",
        "ssh",
        "ssl",
        "ssl/private",
        "krb5.keytab",
        "pip.conf",
        "gitconfig",
        "npmrc",
    ]
    assert not shown & {"/etc", *(f"/etc/{name}" for name in secret)}
    passwd = arguments[arguments.index("/etc/passwd") - 1]
    assert passwd == f"{tmp_path}/etc/passwd"


def test_the_resolver_is_the_uplinks_the_hosts_or_none(tmp_path: Path) -> None:
    for online, host, expected in (
        (True, False, "nameserver 10.0.2.3\n"),
        (False, False, ""),
        (False, True, Path("/etc/resolv.conf").read_text()),
    ):
        etc.make(tmp_path, online=online, host=host)
        assert (tmp_path / "resolv.conf").read_text() == expected


def test_pythons_below_usr_are_not_bound_twice() -> None:
    paths = [Path("/usr"), Path("/usr/local"), Path("/opt/python"), Path("/opt/python/lib"), Path("/opt/python")]
    assert mounts.outermost(paths) == [Path("/opt/python")]


def test_filters_end_in_their_three_answers_and_unknown_processors_have_none() -> None:
    for machine in seccomp.ARCHITECTURES:
        steps = [struct.unpack("=HBBI", step) for step in batched(seccomp.program(machine), 8)]
        assert [step[3] for step in steps[-3:]] == [0x7FFF0000, 0x00050001, 0x00050026]
        for position, (code, yes, no, _) in enumerate(steps[:-3]):
            assert position + 1 + max(yes, no) < len(steps) if code != 0x20 else yes == no == 0
    assert seccomp.program("mips") == b""


def batched(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


def test_no_uplink_without_its_program_or_by_choice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert uplink.find("none", root=True).command == ()
    assert uplink.find("host", root=True).host
    monkeypatch.setenv("PATH", str(tmp_path))
    found = uplink.find("auto", root=True)
    assert not found.command
    assert "slirp4netns is not installed" in found.words


@pytest.mark.skipif(os.geteuid() != 0, reason="only a root hub gives machines users of their own")
def test_each_machine_of_a_root_hub_has_a_host_user_of_its_own(tmp_path: Path) -> None:
    users, places = Users(), Places(tmp_path)
    made: list[Place] = []
    for _ in range(3):
        place = places[new_id()]
        for directory in place.directories:
            directory.mkdir(parents=True)
        users.choose(place, places.all())
        made.append(place)
    owners = {users.of(place) for place in made}
    assert len(owners) == 3
    assert all(owner >= 1 << 16 for owner in owners)
    place = made[0]
    outside = tmp_path / "outside"
    outside.touch()
    (place.files / "link").symlink_to(outside)
    (place.files / "folder").mkdir()
    (place.files / "folder" / "file").touch()
    users.settle(place)
    assert {path.lstat().st_uid for path in [place.files, *place.files.rglob("*")]} == {users.of(place)}
    assert outside.stat().st_uid == 0
    give(place.files, 0)
    assert users.of(place) in owners
