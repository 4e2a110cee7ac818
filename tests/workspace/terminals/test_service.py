"""Terminals as people use them: open, type, share, leave, come back, end."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from coterie.wire.errors import ErrorCode
from coterie.wire.messages.connection import Failed
from coterie.wire.messages.terminals import (
    LONGEST_INPUT,
    MACHINE_STOPPED,
    Interruption,
    TerminalClose,
    TerminalDetach,
    TerminalInput,
    TerminalOpen,
    TerminalRename,
    TerminalResize,
    TerminalRunAgain,
    TerminalSignal,
    TerminalTyping,
)
from coterie.workspace.terminals import Terminals, service
from tests.support.waiting import eventually
from tests.workspace.terminals.conftest import Start
from tests.workspace.terminals.people import Tab


async def test_what_is_typed_is_seen_by_everyone(terminals: Terminals) -> None:
    ada, bob = Tab(terminals), Tab(terminals, "bob")
    number = await ada.open()
    await bob.attach(number)
    ada.type(number, 'echo "<$((6 * 7))>"\r')
    for tab in (ada, bob):
        await tab.sees(number, "<42>\r\n")


async def test_a_terminal_is_its_openers(terminals: Terminals) -> None:
    bob = Tab(terminals, "bob")
    number = await bob.open()
    bob.type(number, 'echo "[$GIT_AUTHOR_NAME|$GIT_COMMITTER_EMAIL|$TERM|$COLORTERM|$LANG]"; tty\r')
    await bob.sees(number, "[Bob|bob@example.org|xterm-256color|truecolor|C.UTF-8]\r\n/dev/pts/")
    assert bob.infos[number].owner == "Bob"


async def test_the_size_is_the_terminals_whatever_the_machine_was_started_with(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Full-screen programs believe these variables, and then never notice a size again."""
    monkeypatch.setenv("LINES", "11")
    monkeypatch.setenv("COLUMNS", "22")
    ada = Tab(await start(environment={"LINES": "33"}))
    number = await ada.open(columns=91, rows=17)
    ada.type(number, 'echo "<$LINES|$COLUMNS>"; stty size\r')
    await ada.sees(number, "<|>\r\n17 91\r\n")


async def test_a_terminal_opens_in_a_folder(terminals: Terminals, tmp_path: Path) -> None:
    (tmp_path / "files" / "src" / "deep").mkdir(parents=True)
    ada = Tab(terminals)
    number = await ada.open("src/deep")
    ada.type(number, "pwd -P\r")
    await ada.sees(number, f"{(tmp_path / 'files' / 'src' / 'deep').resolve()}\r\n")
    assert ada.infos[number].folder == "src/deep"


@pytest.mark.parametrize("folder", ["../..", "/etc", "no/such", "src\0"])
async def test_a_folder_that_cannot_be_opened_is_a_sentence(terminals: Terminals, folder: str) -> None:
    ada = Tab(terminals)
    answer = await ada.ask(TerminalOpen(0, folder))
    assert isinstance(answer, Failed)
    assert answer.sentence.endswith(".")
    assert not ada.infos


async def test_terminals_are_named_and_renamed(terminals: Terminals) -> None:
    ada, bob = Tab(terminals), Tab(terminals, "bob")
    first, second = await ada.open(), await ada.open()
    await bob.until(lambda: len(bob.infos) == 2)
    assert [info.name for info in bob.infos.values()] == ["Terminal 1", "Terminal 2"]
    await bob.ask(TerminalRename(0, first, "  tests\n\u202e " + "x" * 200))
    await ada.until(lambda: ada.infos[first].name.startswith("tests"))
    assert len(ada.infos[first].name) <= 80
    await bob.ask(TerminalRename(0, second, " \n "))
    assert terminals._terminals[second].name == "Terminal 2"
    await ada.ask(TerminalClose(0, second))
    third = await ada.open()
    assert third != second, "a number is never given twice, or a returning page would mistake one for the other"
    assert terminals._terminals[third].name == "Terminal 1", "the name is free again"


async def test_no_more_than_so_many(terminals: Terminals, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST_TERMINALS", 3)
    ada = Tab(terminals)
    answers = await asyncio.gather(*(ada.ask(TerminalOpen(0)) for _ in range(6)))
    assert sum(isinstance(answer, Failed) and answer.code == ErrorCode.LIMIT for answer in answers) == 3


# The driver


async def test_the_driver_is_who_typed_last_and_everyone_sees_their_size(terminals: Terminals) -> None:
    ada, bob = Tab(terminals), Tab(terminals, "bob")
    number = await ada.open(columns=100, rows=30)
    await bob.attach(number)
    bob.do(TerminalResize(number, 40, 10))
    ada.do(TerminalResize(number, 101, 31))
    await bob.until(lambda: bob.infos[number].columns == 101)
    assert bob.infos[number].driver == ada.id
    bob.type(number, "stty size\r")
    await ada.sees(number, "10 40\r\n")
    await ada.until(lambda: ada.infos[number].driver == bob.id)
    assert (ada.infos[number].columns, ada.infos[number].rows) == (40, 10)
    ada.type(number, "stty size\r")
    await bob.sees(number, "31 101\r\n")


async def test_a_watchers_window_resizes_nobody(terminals: Terminals) -> None:
    ada, bob = Tab(terminals), Tab(terminals, "bob")
    number = await ada.open(columns=100, rows=30)
    await bob.attach(number)
    for columns in range(20, 60):
        bob.do(TerminalResize(number, columns, 10))
    ada.leave()
    bob.do(TerminalResize(number, 33, 11))
    bob.do(TerminalDetach(number))
    back = Tab(terminals)
    await back.attach(number)
    back.type(number, "stty size\r")
    await back.sees(number, "30 100\r\n")


async def test_a_driver_who_reloads_the_page_still_drives(terminals: Terminals) -> None:
    ada, bob = Tab(terminals), Tab(terminals, "bob")
    number = await ada.open()
    await bob.attach(number)
    ada.leave()
    await bob.until(lambda: bob.infos[number].driver == 0)
    back = Tab(terminals)
    await back.attach(number)
    await bob.until(lambda: bob.infos[number].driver == back.id)
    back.do(TerminalResize(number, 90, 20))
    await bob.until(lambda: bob.infos[number].columns == 90)


@pytest.mark.parametrize(("asked", "given"), [((0, 0), (2, 1)), ((-5, 2**40), (2, 500)), ((99999, 3), (1000, 3))])
async def test_sizes_are_bounded(terminals: Terminals, asked: tuple[int, int], given: tuple[int, int]) -> None:
    ada = Tab(terminals)
    number = await ada.open()
    ada.do(TerminalResize(number, *asked))
    await ada.until(lambda: (ada.infos[number].columns, ada.infos[number].rows) == given)


async def test_others_are_told_who_is_typing_but_not_for_every_key(terminals: Terminals) -> None:
    ada, bob = Tab(terminals), Tab(terminals, "bob")
    number = await ada.open()
    await bob.attach(number)
    loop = asyncio.get_running_loop()
    began = loop.time()
    for _ in range(50):
        ada.type(number, "x")
    typed_for = loop.time() - began
    await bob.sees(number, "x" * 50)
    told = [message for message in bob.messages if isinstance(message, TerminalTyping)]
    assert told == [TerminalTyping(number, ada.id)] * len(told)
    assert 1 <= len(told) <= 1 + typed_for, "once a second"
    assert not any(isinstance(message, TerminalTyping) for message in ada.messages)


# Input


async def test_input_that_nobody_reads_is_bounded_and_a_person_at_a_time(terminals: Terminals) -> None:
    ada, bob = Tab(terminals), Tab(terminals, "bob")
    number = await ada.open()
    await bob.attach(number)
    ada.type(number, 'stty raw -echo; echo "<$((1 + 1))>"; sleep 1000\r')
    await ada.sees(number, "<2>")
    refused = None
    for _ in range(64):
        try:
            ada.terminals.handlers()[TerminalInput](ada, TerminalInput(number, b"x" * LONGEST_INPUT))
        except Exception as error:
            refused = error
            break
    assert getattr(refused, "code", None) == ErrorCode.LIMIT
    bob.type(number, "still mine")
    pty = terminals._terminals[number]._pty
    assert pty is not None
    assert pty._waiting[ada] <= 1 << 20
    ada.type(number, b"\x03")
    assert ada not in pty._waiting or pty._waiting[ada] == 1
    assert pty._waiting[bob] == len("still mine")


async def test_one_message_is_bounded(terminals: Terminals) -> None:
    ada = Tab(terminals)
    number = await ada.open()
    answer = await ada.ask_raw(TerminalInput(number, b"x" * (LONGEST_INPUT + 1)))
    assert answer == ErrorCode.TOO_BIG


async def test_a_program_that_reads_nothing_can_be_interrupted(terminals: Terminals) -> None:
    ada = Tab(terminals)
    number = await ada.open()
    ada.type(number, 'stty -echo; echo "<$((1 + 1))>"; sleep 1000\r')
    await ada.sees(number, "<2>\r\n")
    await ada.runs(number, "sleep 1000")
    for _ in range(4):
        ada.type(number, b"x" * LONGEST_INPUT)
    await ada.ask(TerminalSignal(0, number, Interruption.INTERRUPT))
    await ada.until(lambda: b"$ " in bytes(ada.screen[number]).split(b"<2>\r\n")[1])
    assert not ada.infos[number].ended


async def test_everything_in_a_terminal_can_be_killed(terminals: Terminals) -> None:
    ada = Tab(terminals)
    number = await ada.open()
    ada.type(number, "trap '' INT TERM HUP; echo \"<$((1 + 1))>\"; sleep 1000\r")
    await ada.sees(number, "<2>")
    await ada.ask(TerminalSignal(0, number, Interruption.KILL))
    assert (await ada.ended(number)).exit_code == 128 + 9


# The end


async def test_exit_code_is_shown_and_it_can_be_run_again(terminals: Terminals) -> None:
    ada, bob = Tab(terminals), Tab(terminals, "bob")
    number = await ada.open()
    ada.type(number, "echo before; exit 3\r")
    assert (await ada.ended(number)).exit_code == 3
    ada.type(number, "nobody reads this")
    await bob.ask(TerminalRunAgain(0, number))
    await ada.until(lambda: not ada.infos[number].ended)
    assert ada.infos[number].owner == "Bob"
    bob.type(number, 'echo "<$((2 + 2))>"\r')
    await ada.sees(number, "<4>")
    assert b"before" in ada.screen[number]
    answer = await ada.ask(TerminalRunAgain(0, number))
    assert isinstance(answer, Failed)
    assert answer.code == ErrorCode.CONFLICT


async def test_a_program_that_ignores_hanging_up_is_killed_on_close(terminals: Terminals, tmp_path: Path) -> None:
    ada = Tab(terminals)
    number = await ada.open()
    stubborn = f"trap '' HUP; echo $$ > {tmp_path}/pid; exec sleep 1001"
    ada.type(number, f'sh -c "{stubborn.replace("$", chr(92) + "$")}" &\r')
    ada.type(number, "trap '' HUP; sleep 1002\r")

    async def is_gone() -> bool:
        try:
            os.kill(stubborn_one, 0)
        except ProcessLookupError:
            return True
        return False

    await ada.runs(number, "sleep 1001", "sleep 1002")
    stubborn_one = int((tmp_path / "pid").read_text())
    answer = await ada.ask(TerminalClose(0, number))
    assert not isinstance(answer, Failed)
    await ada.until(lambda: number not in ada.infos)
    await eventually(is_gone)


async def test_what_a_program_left_switched_on_ends_with_it(terminals: Terminals) -> None:
    ada = Tab(terminals)
    number = await ada.open()
    ada.type(number, "printf '\\033[?1049h\\033[?1003h\\033[?25l'; exit\r")
    await ada.ended(number)
    modes = terminals._terminals[number].ring.tracker.modes
    assert not modes.alternate
    assert 1003 not in modes.private
    assert 25 in modes.private


async def test_scrollback_outlives_the_machine_with_what_still_ran(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_ASK_WITHIN", 20.0)
    before = await start()
    ada = Tab(before)
    number = await ada.open(columns=91, rows=17)
    second = await ada.open()
    await ada.ask(TerminalRename(0, number, "the long one"))
    ada.type(number, 'echo "<$((9 * 9))>"; sleep 4321\r')
    ada.type(second, "exit 7\r")
    await ada.sees(number, "<81>")
    await ada.runs(number, "sleep 4321")
    await ada.ended(second)
    await before.stop()
    after = await start()
    bob = Tab(after, "bob")
    assert bob.infos[number].name == "the long one"
    assert bob.infos[number].ended
    assert bob.infos[number].exit_code == MACHINE_STOPPED
    assert bob.infos[number].stopped == ["sleep 4321"]
    assert (bob.infos[number].columns, bob.infos[number].rows) == (91, 17)
    assert bob.infos[second].exit_code == 7
    await bob.attach(number)
    await bob.sees(number, "<81>")
    await bob.ask(TerminalRunAgain(0, number))
    bob.type(number, 'echo "<$((3 * 3))>"\r')
    await bob.sees(number, "<9>")
    assert await bob.open() not in (number, second)
    await bob.ask(TerminalClose(0, number))
    await after.stop()
    assert number not in Tab(await start()).infos


async def test_a_saved_terminal_that_cannot_be_read_is_left_out(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "state" / "terminals"
    folder.mkdir(parents=True)
    (folder / "1.terminal").write_bytes(b"rubbish")
    (folder / "2.terminal").write_bytes(b"")
    terminals = await start()
    ada = Tab(terminals)
    assert not ada.infos
    await ada.open()


# Titles


async def test_a_title_is_shown_and_a_thousand_a_second_are_not(terminals: Terminals) -> None:
    ada = Tab(terminals)
    number = await ada.open()
    ada.type(number, "i=0; while [ $i -lt 5000 ]; do printf '\\033]0;title %s\\007' $i; i=$((i+1)); done\r")
    before = len(ada.messages)
    await ada.until(lambda: ada.infos[number].title == "title 4999")
    assert len(ada.messages) - before < 500
