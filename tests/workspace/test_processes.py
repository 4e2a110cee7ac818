"""Spawning through an init: terminals, pipes, exit codes, signals, and that nothing is left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coterie.machine import ports
from coterie.wire.errors import CoterieError, ErrorCode
from coterie.workspace.processes import LOST, DirectSpawner, Process
from tests.support.waiting import eventually, wait_until


@pytest.fixture
async def spawner() -> AsyncIterator[DirectSpawner]:
    spawner = DirectSpawner()
    yield spawner
    await spawner.close()


async def spawn(spawner: DirectSpawner, *command: str, pty: bool = True, **environment: str) -> Process:
    return await spawner.spawn(list(command), folder="/", environment=environment, columns=91, rows=33, pty=pty)


async def output(process: Process) -> bytes:
    """Read until the process's side is closed, which for a terminal is an error."""
    os.set_blocking(process.master, True)

    def read() -> bytes:
        data = b""
        with contextlib.suppress(OSError):
            while part := os.read(process.master, 65536):
                data += part
        return data

    data = await asyncio.to_thread(read)
    os.close(process.master)
    return data


async def test_a_terminal_has_its_size_folder_environment_and_is_controlling(spawner: DirectSpawner) -> None:
    process = await spawn(
        spawner, "sh", "-c", 'stty size; pwd; echo "$WHAT"; : < /dev/tty && echo controlling', WHAT="é"
    )
    assert (await output(process)).decode().splitlines() == ["33 91", "/", "é", "controlling"]
    assert await process.wait() == 0


async def test_a_pipe_has_output_and_errors_and_nothing_to_read(spawner: DirectSpawner) -> None:
    process = await spawn(spawner, "sh", "-c", "cat; echo out; echo err >&2; test -t 1; exit $?", pty=False)
    assert await output(process) == b"out\nerr\n"
    assert await process.wait() == 1


async def test_a_burst_right_before_the_exit_is_complete(spawner: DirectSpawner) -> None:
    for pty in (True, False):
        process = await spawn(spawner, "sh", "-c", "head -c 65536 /dev/zero | tr '\\0' x", pty=pty)
        assert await output(process) == b"x" * 65536
        assert await process.wait() == 0


async def test_exit_codes_tell_signals(spawner: DirectSpawner) -> None:
    for script, code in (("exit 3", 3), ("kill -TERM $$", 143), ("kill -KILL $$", 137)):
        process = await spawn(spawner, "sh", "-c", script)
        assert await process.wait() == code
        os.close(process.master)


async def test_a_signal_reaches_every_process_of_the_session(spawner: DirectSpawner) -> None:
    child = "sh -c 'trap \"echo child; exit\" USR1; while :; do sleep 0.01; done'"
    # Also where the child is told first, and gone before the leader hears of it.
    script = f"trap 'echo told; told=1' USR1; {child} & until [ \"$told\" ]; do wait; done; wait"
    process = await spawn(spawner, "sh", "-c", script)
    reading = asyncio.create_task(output(process))
    while len((await process.running()).commands) < 2:
        pass
    process.signal(signal.SIGUSR1)
    await process.wait()
    text = await reading
    assert b"told" in text
    assert b"child" in text
    process.signal(signal.SIGUSR1)


@pytest.mark.parametrize(
    ("command", "folder", "sentence"),
    [
        (["no-such-program"], "/", "no-such-program cannot be started: No such file"),
        (["/usr"], "/", "/usr cannot be started: Permission denied"),
        (["true"], "/no/such/folder", "The folder /no/such/folder cannot be entered: No such file"),
    ],
)
async def test_what_cannot_be_started_gets_a_sentence(
    spawner: DirectSpawner, command: list[str], folder: str, sentence: str
) -> None:
    with pytest.raises(CoterieError) as raised:
        await spawner.spawn(command, folder=folder, environment={}, columns=80, rows=24)
    assert raised.value.code is ErrorCode.MACHINE_FAILED
    assert raised.value.sentence.startswith(sentence)


async def test_no_descriptor_leaks_into_processes(spawner: DirectSpawner) -> None:
    other = await spawn(spawner, "sleep", "1000")
    for pty in (True, False):
        process = await spawn(spawner, "ls", "-l", "/proc/self/fd", pty=pty)
        listed = [line.split()[-3] for line in (await output(process)).decode().splitlines() if "->" in line]
        assert listed == ["0", "1", "2", "3"]  # 3 is ls's own look at the folder
    os.close(other.master)


async def test_closing_ends_everything_even_what_left_its_session() -> None:
    spawner = DirectSpawner()
    script = "setsid sh -c 'trap \"\" HUP TERM; echo $$; exec sleep 1000' & wait"
    process = await spawn(spawner, "sh", "-c", script, pty=False)
    with os.fdopen(process.master) as pipe:
        os.set_blocking(pipe.fileno(), True)
        escaped = int(await asyncio.to_thread(pipe.readline))
    waiting = asyncio.create_task(process.wait())
    await asyncio.sleep(0)
    await spawner.close()
    assert await waiting == LOST
    assert not Path(f"/proc/{escaped}").exists()


async def test_what_is_begun_while_a_session_is_killed_is_killed_too(spawner: DirectSpawner) -> None:
    process = await spawn(spawner, "sh", "-c", "while :; do sleep 1000 & done", pty=False)

    def session() -> list[str]:
        listed = subprocess.run(["ps", "-o", "pid=", "-s", str(process.pid)], check=False, capture_output=True)
        return listed.stdout.decode().split()

    await eventually(lambda: len(session()) > 20)
    process.signal(signal.SIGKILL)
    await process.wait()
    await eventually(lambda: not session())
    os.close(process.master)


async def test_a_lost_init_ends_waits_and_refuses_more(spawner: DirectSpawner) -> None:
    process = await spawn(spawner, "sleep", "1000")
    assert spawner._init is not None
    spawner._init.kill()
    assert await process.wait() == LOST
    with pytest.raises(CoterieError, match="The machine is ending"):
        await spawn(spawner, "true")
    process.signal(signal.SIGTERM)
    os.kill(process.pid, signal.SIGKILL)
    os.close(process.master)


@settings(max_examples=10, deadline=None)
@given(codes=st.lists(st.tuples(st.integers(0, 255), st.booleans(), st.booleans()), min_size=1, max_size=12))
def test_processes_started_and_killed_at_once_all_tell_their_own_end(codes: list[tuple[int, bool, bool]]) -> None:
    async def one(spawner: DirectSpawner, code: int, pty: bool, kill: bool) -> None:
        command = ["sleep", "1000"] if kill else ["sh", "-c", f"echo {code}; exit {code}"]
        process = await spawn(spawner, *command, pty=pty)
        if kill:
            process.signal(signal.SIGKILL)
            assert await process.wait() == 137
            os.close(process.master)
        else:
            assert (await output(process)).split() == [str(code).encode()]
            assert await process.wait() == code

    async def everything() -> None:
        spawner = DirectSpawner()
        await asyncio.gather(*(one(spawner, *what) for what in codes))
        await spawner.close()

    asyncio.run(everything())


def test_a_program_that_calls_itself_something_unsayable_is_named_all_the_same() -> None:
    with subprocess.Popen([b"\xff\xfe"], executable="/bin/cat", stdin=subprocess.PIPE) as program:
        # For a moment after its start a program has no command line yet.
        command = wait_until(lambda: ports._command(program.pid))
        assert command.encode() == "\N{REPLACEMENT CHARACTER}".encode() * 2
        assert program.stdin
        program.stdin.close()
