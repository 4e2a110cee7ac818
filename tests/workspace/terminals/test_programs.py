"""Real full-screen programs: everyone sees the same, whenever they came and whatever the size of their window."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coterie.wire.messages.terminals import TerminalResize
from coterie.workspace.terminals import Terminals
from coterie.workspace.terminals import screen as screen_module
from tests.support.waiting import eventually
from tests.workspace.terminals.conftest import Start
from tests.workspace.terminals.people import Tab, rendered

SMALL = 6 << 10
"""A ring so small that what a program drew at first is soon gone from it."""

Look = Callable[[list[str]], bool]

NEEDED = ("vim", "htop", "less", "tmux")
missing = [program for program in NEEDED if shutil.which(program) is None]
pytestmark = pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page describes its screen however long its emulator takes, a program has time to clear it and draw again."""
    monkeypatch.setattr(screen_module, "DESCRIBE_WITHIN", 20.0)
    monkeypatch.setattr(screen_module, "REDRAW_WITHIN", 20.0)


async def same_on_all(terminal: int, look: Look, *tabs: Tab) -> dict[str, Any]:
    """Wait until all tabs show the same lines and cursor, which satisfy `look`; return what they show."""
    last: list[dict[str, Any]] = []

    async def same() -> dict[str, Any] | None:
        last[:] = await rendered(terminal, *tabs)
        one = last[0]
        fits = all((other["lines"], other["cursor"]) == (one["lines"], one["cursor"]) for other in last)
        return one if fits and look(one["lines"]) else None

    try:
        shown: dict[str, Any] = await eventually(same)
    except TimeoutError:
        raise AssertionError("\n---\n".join("\n".join(one["lines"]) for one in last)) from None
    return shown


def has(text: str) -> Look:
    return lambda lines: any(text in line for line in lines)


async def test_vim_edits_a_file_while_somebody_watches_at_another_size(terminals: Terminals, tmp_path: Path) -> None:
    ada, bob = Tab(terminals), Tab(terminals, "bob")
    number = await ada.open(columns=90, rows=20)
    await bob.attach(number)
    bob.do(TerminalResize(number, 50, 12))
    ada.type(number, "vim -u NONE note.txt\r")
    shown = await same_on_all(number, has("~"), ada, bob)
    assert shown["alternate"]
    assert len(shown["lines"]) == 20, "the watcher sees the driver's rows"
    ada.type(number, "ihello from ada\x1b")
    await same_on_all(number, has("hello from ada"), ada, bob)
    bob.type(number, "ohello from bob\x1b")
    # Who types takes over, with the size of their own window.
    await same_on_all(number, lambda lines: len(lines) == 12 and has("hello from bob")(lines), ada, bob)
    ada.type(number, ":wq\r")
    shown = await same_on_all(number, lambda lines: any(line.startswith("$") for line in lines), ada, bob)
    assert not shown["alternate"]
    assert (tmp_path / "files" / "note.txt").read_text() == "hello from ada\nhello from bob\n"


@pytest.mark.parametrize("described", [True, False])
async def test_vim_for_a_late_joiner(
    start: Start, tmp_path: Path, described: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what an earlier page describes; and where none does, the program is made to draw again."""
    if not described:
        monkeypatch.setattr(screen_module, "DESCRIBE_WITHIN", 0.1)
    terminals = await start(ring_size=SMALL)
    (tmp_path / "files" / "long.txt").write_text("".join(f"line {n} of a long text\n" for n in range(2000)))
    ada = Tab(terminals)
    ada.describes = described
    number = await ada.open()
    ada.type(number, "vim -u NONE long.txt\r")
    await same_on_all(number, has("line 0 of"), ada)
    for _ in range(40):
        ada.type(number, "\x06")
    await same_on_all(number, has("line 850 of"), ada)
    assert terminals._terminals[number].ring.start > 0
    bob = Tab(terminals, "bob")
    await bob.attach(number)
    shown = await same_on_all(number, has("line 850 of"), ada, bob)
    assert shown["alternate"]
    ada.type(number, "ityped later\x1b")
    await same_on_all(number, has("typed later"), ada, bob)


async def test_htop_for_a_late_joiner(start: Start) -> None:
    terminals = await start(ring_size=SMALL)
    ada = Tab(terminals)
    number = await ada.open(columns=100, rows=30)
    ada.type(number, "htop -d 2\r")
    await same_on_all(number, has("Load average"), ada)
    await ada.until(lambda: terminals._terminals[number].ring.start > 0)
    bob = Tab(terminals, "bob")
    await bob.attach(number)
    # What htop drew once and never again is there too.
    shown = await same_on_all(number, lambda lines: has("Load average")(lines) and has("F10")(lines), ada, bob)
    assert shown["alternate"]


ALONE = {
    "htop": ("htop -d 2\r", "", ("Load average", "F10")),
    "vim": ("vim -u NONE long.txt\r", "\x06" * 40, ("line 840 of", "line 862 of")),
    "less": ("less long.txt\r", " " * 60, ("line 1381 of", "line 1402 of")),
}


@pytest.mark.parametrize("program", ALONE)
async def test_a_program_comes_back_whole_for_somebody_who_was_alone_with_it(
    start: Start, tmp_path: Path, program: str
) -> None:
    """Its beginning has left the ring, and there is no other page that could describe the screen."""
    terminals = await start(ring_size=SMALL)
    (tmp_path / "files" / "long.txt").write_text("".join(f"line {n} of a long text\n" for n in range(2000)))
    command, keys, texts = ALONE[program]
    ada = Tab(terminals)
    number = await ada.open()
    ada.type(number, command)
    await same_on_all(number, has("line 0 of" if keys else texts[0]), ada)
    for key in keys:
        ada.type(number, key)
    before = await same_on_all(number, lambda lines: all(has(text)(lines) for text in texts), ada)
    await ada.until(lambda: terminals._terminals[number].ring.start > 0)
    ada.leave()
    again = Tab(terminals)
    await again.attach(number)
    shown = await same_on_all(number, lambda lines: all(has(text)(lines) for text in texts), again)
    assert shown["alternate"]
    if keys:
        assert shown["lines"][:22] == before["lines"][:22]


SLOW = """
import os, sys, time

known, due = None, 0.0
print("\\033[?1049h\\033[H\\033[2J")
for tick in range(10**9):
    # It draws all the time, but notices a size only now and then: one that came and went again, never.
    if time.monotonic() > due:
        due = time.monotonic() + 0.4
        if os.get_terminal_size() != known:
            known = os.get_terminal_size()
            rows = range(2, known.lines)
            print("CLEAR" + "".join(f"\\033[{row};1H\\033[Kdrawn once, row {row}" for row in rows))
    print(f"\\033[Hdrawn always {tick:040}", end="", flush=True)
    time.sleep(0.02)
"""


@pytest.mark.parametrize("clear", ["\\033[H\\033[2J", "\\033[m"])
async def test_a_program_that_is_late_to_notice_a_size_comes_back_whole(
    start: Start, tmp_path: Path, clear: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a busy machine makes them all; whether it clears the screen before it draws everything or does not."""
    if "2J" not in clear:
        monkeypatch.setattr(screen_module, "REDRAW_WITHIN", 2.0)
    terminals = await start(ring_size=SMALL)
    (tmp_path / "files" / "slow.py").write_text(SLOW.replace("CLEAR", clear))
    ada = Tab(terminals)
    ada.describes = False
    number = await ada.open()
    ada.type(number, f"{sys.executable} -I slow.py\r")
    await ada.until(lambda: terminals._terminals[number].ring.start > 3_000)
    ada.leave()
    again = Tab(terminals)
    await again.attach(number)
    shown = await same_on_all(number, has("drawn once, row 23"), again)
    assert sum("drawn once" in line for line in shown["lines"]) == 22


async def test_less_for_late_joiners(start: Start) -> None:
    terminals = await start(ring_size=SMALL)
    ada = Tab(terminals)
    number = await ada.open()
    ada.type(number, "seq -f 'row %.0f is this one' 1 5000 | less\r")
    await same_on_all(number, has("row 23 is"), ada)
    early = Tab(terminals, "early")
    await early.attach(number)
    await same_on_all(number, has("row 23 is"), ada, early)
    for _ in range(60):
        ada.type(number, " ")
    await same_on_all(number, has("row 1400 is"), ada, early)
    assert terminals._terminals[number].ring.start > 0
    late = Tab(terminals, "late")
    await late.attach(number)
    await same_on_all(number, has("row 1400 is"), ada, early, late)
    ada.type(number, "q")
    shown = await same_on_all(number, lambda lines: any(line.startswith("$") for line in lines), late)
    assert not shown["alternate"]


async def test_tmux_for_a_late_joiner(start: Start, tmp_path: Path) -> None:
    # tmux draws so little that only a tiny ring loses any of it.
    terminals = await start(ring_size=1 << 10)
    ada = Tab(terminals)
    number = await ada.open()
    ada.type(number, f"tmux -f /dev/null -S {tmp_path}/t new -s work\r")
    await same_on_all(number, has("[work]"), ada)
    ada.type(number, "seq 1 9000; echo left\r")
    await same_on_all(number, lambda lines: "left" in lines, ada)
    ada.type(number, "\x02%")
    # With its prompt: what is typed before it is shown before it, and what that puts out stands behind the prompt.
    await same_on_all(number, lambda lines: has("│$")(lines) or has("│#")(lines), ada)
    ada.type(number, "echo right\r")
    await same_on_all(number, has("│right"), ada)
    await ada.until(lambda: terminals._terminals[number].ring.start > 0)
    bob = Tab(terminals, "bob")
    await bob.attach(number)
    # All at once: while it is drawn again a part of it is there.
    texts = ("│right", "left", "[work]")
    await same_on_all(number, lambda lines: all(has(text)(lines) for text in texts), ada, bob)
